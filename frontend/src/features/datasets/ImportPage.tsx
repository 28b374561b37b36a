import {
  Button,
  Code,
  Group,
  List,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { api, http, take } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { Fault } from '@/components/Fault';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { BudgetEditor } from '@/components/recipe/BudgetEditor';
import type { Budget } from '@/components/recipe/budget';
import { choose } from './choose';
import { ParcelDrop } from './ParcelDrop';
import { SendingRow } from './SendingRow';
import { sendings, useSendings } from './useSendings';

const FITS = { crop: 'cut the middle', pad: 'add borders', stretch: 'stretch' } as const;
type Fit = keyof typeof FITS;

/** Synthetic images of any other model enter a dataset version, where a run scores its own. */
export function ImportPage() {
  const { versionId = '' } = useParams();
  const { lab, may } = useLab();
  const navigate = useNavigate();
  const [made, setMade] = useState({ model_name: '', licence: '', note: '' });
  const [resolution, setResolution] = useState(32);
  const [fit, setFit] = useState<Fit>('crop');
  const [sampler, setSampler] = useState('random');
  const [budget, setBudget] = useState<Budget>({ kind: 'per_class', count: 100 });
  const { rows, choice } = useSendings();
  const row = rows.find(({ purpose }) => purpose.makes === 'import' && purpose.version === versionId);
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const version = api.useQuery('get', '/api/v1/versions/{id}/', { params: { path: { id: versionId } } });
  const datasetId = version.data?.dataset ?? '';
  const dataset = api.useQuery(
    'get',
    '/api/v1/datasets/{id}/',
    { params: { path: { id: datasetId } } },
    { enabled: datasetId !== '' },
  );
  const start = useMutation({
    mutationFn: (upload: string) =>
      take(
        http.POST('/api/v1/runs/import/', {
          body: {
            version: versionId,
            upload,
            ...made,
            name: '',
            resolution,
            fit,
            channels: 'auto',
            sampler,
            budget,
            seed: 0,
          },
        }),
      ),
    onSuccess: (run) => {
      if (row !== undefined) sendings.remove(row.id);
      return navigate(`/runs/${run.id}`);
    },
  });
  const faults = faultsOf(start.error);
  if (version.data === undefined)
    return <PagePending title="Import synthetic images" error={version.error} onRetry={() => void version.refetch()} />;
  if (!may('researcher'))
    return (
      <Page>
        <PageHead title="Import synthetic images" />
        <Text>Importing needs the role researcher in this lab. Ask an owner or admin of the lab for it.</Text>
      </Page>
    );
  const set = (part: Partial<typeof made>) => setMade((before) => ({ ...before, ...part }));
  return (
    <Page>
      <PageHead
        title="Import synthetic images"
        crumbs={[
          { label: 'Home', to: '/' },
          {
            label: `${dataset.data?.name ?? 'Dataset'}, version ${version.data.number}`,
            to: `/datasets/${version.data.dataset}/${version.data.number}`,
          },
        ]}
        summary="Images that another model made are scored against this version, then selected, judged and exported like the service's own."
      />
      <Columns
        main={
          <Panel>
            <form
              onSubmit={(event) => {
                event.preventDefault();
                if (row?.state === 'done') start.mutate(row.upload);
              }}
            >
              <Stack>
                {row === undefined ? (
                  <ParcelDrop
                    prompt="Drop a folder or a zip of synthetic images anywhere on this page"
                    choice={choice}
                    onChoose={(chosen) => {
                      if (lab !== null) void choose(chosen, lab.id, { makes: 'import', version: versionId });
                    }}
                  />
                ) : (
                  <SendingRow row={row} />
                )}
                <SimpleGrid cols={{ base: 1, sm: 2 }}>
                  <TextInput
                    label="Made by"
                    description="The model, as people know it."
                    value={made.model_name}
                    onChange={(event) => set({ model_name: event.currentTarget.value })}
                    error={faults.model_name}
                    maxLength={120}
                    required
                  />
                  <TextInput
                    label="Licence"
                    description="Of the images; it stands in the card of every export."
                    value={made.licence}
                    onChange={(event) => set({ licence: event.currentTarget.value })}
                    error={faults.licence}
                    maxLength={200}
                  />
                </SimpleGrid>
                <Textarea
                  label="Note"
                  description="How they were made: prompts, settings, what the model had learnt from."
                  value={made.note}
                  onChange={(event) => set({ note: event.currentTarget.value })}
                  error={faults.note}
                  maxLength={2000}
                  autosize
                />
                <SimpleGrid cols={{ base: 1, sm: 3 }}>
                  <NumberInput
                    label="Resolution"
                    description="Side of the squares, in pixels."
                    min={16}
                    max={256}
                    allowDecimal={false}
                    value={resolution}
                    onChange={(value) => setResolution(Number(value))}
                    error={faults.resolution}
                  />
                  <Select
                    label="Images that are not square"
                    description="How they become square."
                    data={Object.entries(FITS).map(([value, label]) => ({ value, label }))}
                    allowDeselect={false}
                    value={fit}
                    onChange={(value) => setFit(value as Fit)}
                  />
                  <Select
                    label="First selected by"
                    description="Others can follow without a new import."
                    data={(catalogue?.samplers ?? []).map(({ name, card, needs }) => ({
                      value: name,
                      label: needs.length === 0 ? card.title : `${card.title}: needs ${needs.join(', ')}`,
                    }))}
                    allowDeselect={false}
                    value={sampler}
                    onChange={(name) => setSampler(name ?? 'random')}
                    error={faults.sampler}
                  />
                </SimpleGrid>
                <BudgetEditor
                  budget={budget}
                  classNames={version.data.classes}
                  real={version.data.counts.train ?? {}}
                  fault={faults.budget}
                  onChange={setBudget}
                />
                <Fault error={start.error} />
                <Group>
                  <Button
                    type="submit"
                    disabled={row?.state !== 'done' || made.model_name.trim() === ''}
                    loading={start.isPending}
                  >
                    Import the images
                  </Button>
                  {row?.state !== 'done' && (
                    <Text size="sm" c="dimmed">
                      as soon as the file has arrived
                    </Text>
                  )}
                </Group>
              </Stack>
            </form>
          </Panel>
        }
        aside={<Accepted classNames={version.data.classes} />}
      />
    </Page>
  );
}

const MOST_NAMES = 8;

function Accepted({ classNames }: { classNames: string[] }) {
  const [first = 'class', second = 'class 2'] = classNames;
  const shown = classNames.slice(0, MOST_NAMES).join(', ');
  return (
    <Panel title="What is accepted">
      <Stack gap="sm">
        <Text size="sm">A zip with one folder per class, called like the version&apos;s classes:</Text>
        <Code block tabIndex={0}>
          {`${first}/  0001.png  0002.png\n${second}/  0001.png`}
        </Code>
        <Text size="sm">Or any files with metadata.jsonl or metadata.csv beside them:</Text>
        <Code block tabIndex={0}>
          {`file_name,label,class_confidence\na/17.png,${first},0.93`}
        </Code>
        <List size="sm" spacing={4}>
          <List.Item>Every other column of numbers becomes a score to sort and select by.</List.Item>
          <List.Item>
            Classes: {shown}
            {classNames.length > MOST_NAMES ? ` and ${classNames.length - MOST_NAMES} more` : ''}. Images of others are
            left out and listed.
          </List.Item>
          <List.Item>Every file is opened and checked, as in an upload of real images.</List.Item>
        </List>
      </Stack>
    </Panel>
  );
}

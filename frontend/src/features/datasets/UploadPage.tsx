import { Button, Code, Group, List, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api, http, queries, take } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { uploadLimit } from '@/api/limits';
import { Fault } from '@/components/Fault';
import { bytes, count } from '@/components/format';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import type { Parcel } from './parcel';
import { ParcelDrop } from './ParcelDrop';
import { TransferBar } from './TransferBar';
import { useSending } from './useSending';

/** A folder or archive becomes a dataset: chosen, named, sent, then read by a worker. */
export function UploadPage() {
  const { lab, may } = useLab();
  const navigate = useNavigate();
  const [parcel, setParcel] = useState<Parcel | null>(null);
  const [kind, setKind] = useState('labelled_images');
  const [name, setName] = useState('');
  const { transfer, begin, pause, resume, discard } = useSending();
  const { data: limit } = useQuery({ queryKey: ['upload-limit'], queryFn: uploadLimit, staleTime: Infinity });

  const asked = useBase();
  const base = asked.version;

  const create = useMutation({
    mutationFn: async (upload: string) => {
      if (base === null)
        return (
          await take(http.POST('/api/v1/datasets/', { body: { lab: lab?.id ?? '', name: name.trim(), kind, upload } }))
        ).id;
      const params = { path: { id: base.dataset } };
      const made = take(http.POST('/api/v1/datasets/{id}/versions/', { params, body: { base: base.id, upload } }));
      return `${base.dataset}/${(await made).number}`;
    },
    onSuccess: async (address) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/'] });
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/'] });
      await navigate(`/datasets/${address}`);
    },
  });
  const choose = (chosen: Parcel) => {
    create.reset();
    setParcel(chosen);
    setName((given) => (given === '' ? nameFrom(chosen.name) : given));
    if (lab !== null) begin(chosen, lab.id);
  };
  const giveUp = () => {
    discard();
    setParcel(null);
  };
  if (!may('researcher'))
    return (
      <Page>
        <PageHead title="Upload a dataset" />
        <Text>Uploading needs the role researcher in this lab. Ask an owner or admin of the lab for it.</Text>
      </Page>
    );
  // Without the version that was asked for, what is sent would become a dataset of its own.
  if (asked.isAsked && base === null)
    return <PagePending title="Add images" error={asked.error} onRetry={() => void asked.refetch()} />;
  return (
    <Page>
      <PageHead
        title={base === null ? 'Upload a dataset' : 'Add images'}
        summary={
          base === null
            ? undefined
            : `They are added to version ${base.number}; together they become the next version of the dataset.`
        }
      />
      <Columns
        main={
          <Panel>
            <Stack>
              {parcel === null ? (
                <ParcelDrop
                  prompt="Drop a folder of class folders or a zip, tar or tar.gz of them, or click to choose one"
                  onChoose={choose}
                  limit={limit ?? null}
                />
              ) : (
                <TransferBar
                  name={parcel.files === 1 ? parcel.name : `${parcel.name}, ${count(parcel.files)} files`}
                  transfer={transfer}
                  onPause={pause}
                  onResume={resume}
                  onDiscard={giveUp}
                />
              )}
              <form
                onSubmit={(event) => {
                  event.preventDefault();
                  if (transfer.upload !== null) create.mutate(transfer.upload);
                }}
              >
                <Stack>
                  {base === null && (
                    <TextInput
                      label="Name of the dataset"
                      description="As your lab will find it; you can name it while the file is on its way."
                      value={name}
                      onChange={(event) => setName(event.currentTarget.value)}
                      error={faultsOf(create.error).name}
                      maxLength={120}
                      required
                      maw={420}
                    />
                  )}
                  {base === null && (
                    <Select
                      label="Kind"
                      allowDeselect={false}
                      data={KINDS}
                      value={kind}
                      onChange={(value) => setKind(value ?? kind)}
                      maw={420}
                    />
                  )}
                  <Fault error={create.error} />
                  <Group>
                    <Button
                      type="submit"
                      disabled={transfer.upload === null || (base === null && name.trim() === '')}
                      loading={create.isPending}
                    >
                      {base === null ? 'Create the dataset' : 'Make the next version'}
                    </Button>
                    {parcel !== null && transfer.upload === null && (
                      <Text size="sm" c="dimmed">
                        as soon as everything has arrived
                      </Text>
                    )}
                  </Group>
                </Stack>
              </form>
            </Stack>
          </Panel>
        }
        aside={<Accepted limit={limit ?? null} />}
      />
    </Page>
  );
}

/** The version that images are added to, from the address; none is asked for when a new dataset is made. */
function useBase() {
  const [search] = useSearchParams();
  const id = search.get('base');
  const { data, error, refetch } = api.useQuery(
    'get',
    '/api/v1/versions/{id}/',
    { params: { path: { id: id ?? '' } } },
    { enabled: id !== null },
  );
  return { isAsked: id !== null, version: data ?? null, error, refetch };
}

const KINDS = [
  { value: 'labelled_images', label: 'Labelled images' },
  { value: 'images', label: 'Images without labels' },
] as const;

const LAYOUTS = `flowers.zip
├─ rose/   img1.jpg  img2.jpg
└─ tulip/  img3.png

flowers.zip
├─ train/  rose/  tulip/
├─ val/    rose/  tulip/
└─ test/   rose/  tulip/`;

function Accepted({ limit }: { limit: number | null }) {
  return (
    <Panel title="What is accepted">
      <Stack gap="sm">
        <Text size="sm">
          One folder per class, with or without split folders around the classes; or a file of labels beside the images:
          labels.csv, metadata.jsonl or StyleGAN’s dataset.json:
        </Text>
        <Code block tabIndex={0}>
          {LAYOUTS}
        </Code>
        <List size="sm" spacing={4}>
          <List.Item>
            A zip file{limit === null ? '' : ` of at most ${bytes(limit)}`}, or a tar, tar.gz or folder.
          </List.Item>
          <List.Item>PNG, JPEG, WebP, BMP or TIFF; sides of 8 to 8192 pixels, at most 64 MiB each.</List.Item>
          <List.Item>Without split folders, 10 % of each class become val and 10 % test.</List.Item>
        </List>
        <Text size="sm" c="dimmed">
          Every image is opened and checked. What cannot be used is listed with the reason; the rest is taken.
        </Text>
      </Stack>
    </Panel>
  );
}

/** "my_flowers-v2.zip" -> "my flowers-v2" */
function nameFrom(fileName: string): string {
  return fileName
    .replace(/\.(zip|tar|tgz|tar\.gz)$/i, '')
    .replaceAll('_', ' ')
    .trim()
    .slice(0, 120);
}

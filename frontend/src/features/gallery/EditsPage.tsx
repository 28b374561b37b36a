import { Button, Group, MultiSelect, Select, Stack, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useParams } from 'react-router';
import { address } from '@/api/address';
import { api, cursorOf, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { MoreButton } from '@/components/MoreButton';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { runTitle } from '@/components/runTitle';
import { EditResult } from './EditResult';
import { useEdits, WAITS } from './edits';
import classes from './Edits.module.css';

type Act = ReturnType<typeof useEdits>['act'];

/** Take a real image of a run's version and change what it has. */
export function EditsPage() {
  const { runId = '' } = useParams();
  const [open, setOpen] = useState<string | null>(null);
  const run = api.useQuery('get', '/api/v1/runs/{id}/', { params: { path: { id: runId } } });
  const { told, row, edit, make, act } = useEdits(runId, open);
  const { may } = useLab();
  if (run.data === undefined || told.data === undefined)
    return (
      <PagePending
        title="Edit images"
        error={run.error ?? told.error}
        onRetry={() => void (run.data === undefined ? run.refetch() : told.refetch())}
      />
    );
  const able = told.data;
  return (
    <Page>
      <PageHead
        title="Edit images"
        crumbs={[
          { label: 'Home', to: '/' },
          { label: runTitle(run.data), to: `/runs/${runId}` },
        ]}
        summary="Take a real image, choose what may change, and move the switches."
      />
      <Stack gap="md">
        {able.refusal === '' ? (
          may('researcher') && (
            <Wish
              version={run.data.version}
              able={able}
              isPending={make.isPending}
              onMake={(wish) => make.mutate(wish, { onSuccess: ({ id }) => setOpen(id) })}
            />
          )
        ) : (
          <Panel>
            <Empty title="Nothing can be edited with this run">{able.refusal}</Empty>
          </Panel>
        )}
        <Fault error={make.error ?? act.error} />
        {row?.state === 'finished' && <Finished row={row} edit={edit} />}
        {row !== undefined && row.state !== 'finished' && (
          <Unmade version={run.data.version} row={row} act={act} mayAct={may('researcher')} />
        )}
        {row === undefined && able.refusal === '' && (
          <Panel>
            <Empty title="No edits yet">The sheet of the first image that is edited will stand here.</Empty>
          </Panel>
        )}
        {able.edits.length > 1 && <Earlier edits={able.edits} shown={row?.id} onOpen={setOpen} />}
      </Stack>
    </Page>
  );
}

type WishProps = {
  version: string;
  able: Schemas['RunEdits'];
  isPending: boolean;
  onMake: (wish: Schemas['NewEditRequest']) => void;
};

/** Which image, and what may change in it. */
function Wish({ version, able, isPending, onMake }: WishProps) {
  const [image, setImage] = useState<number | null>(null);
  const [names, setNames] = useState(() => able.names.slice(0, able.most));
  const what = able.are_classes ? 'Classes' : 'Attributes';
  return (
    <Panel title="What to edit">
      <Stack gap="sm">
        <Images version={version} able={able} chosen={image} onChoose={setImage} />
        <MultiSelect
          label={what}
          description={`At most ${able.most} at once`}
          data={able.names}
          maxValues={able.most}
          value={names}
          onChange={setNames}
          searchable
        />
        <Group>
          <Button
            disabled={image === null || names.length === 0}
            loading={isPending}
            onClick={() => image !== null && onMake({ image, attributes: names })}
          >
            Make the edits
          </Button>
          {image === null && (
            <Text size="sm" c="dimmed">
              Choose an image first.
            </Text>
          )}
        </Group>
      </Stack>
    </Panel>
  );
}

type ImagesProps = {
  version: string;
  able: Schemas['RunEdits'];
  chosen: number | null;
  onChoose: (image: number) => void;
};

/** Training or validation images; those of the test split are kept for studies. */
function Images({ version, able, chosen, onChoose }: ImagesProps) {
  const [split, setSplit] = useState('val');
  const [name, setName] = useState<string | null>(null);
  const kind = name === null ? {} : able.are_classes ? { label: name } : { attribute: `${name}:1` };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/versions/{id}/images/',
    { params: { path: { id: version }, query: { limit: 24, split: split as 'train' | 'val', ...kind } } },
    { initialPageParam: null, getNextPageParam: (page) => cursorOf(page.next) },
  );
  const images = data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Select
          aria-label="Split"
          size="xs"
          w={140}
          allowDeselect={false}
          data={[
            { value: 'val', label: 'Validation' },
            { value: 'train', label: 'Training' },
          ]}
          value={split}
          onChange={(value) => setSplit(value ?? 'val')}
        />
        <Select
          aria-label={able.are_classes ? 'Class' : 'Has'}
          placeholder={able.are_classes ? 'Every class' : 'Any attribute'}
          size="xs"
          w={180}
          clearable
          searchable
          data={able.names}
          value={name}
          onChange={setName}
        />
      </Group>
      {data === undefined &&
        (error === null ? <Waiting lines={2} height={72} /> : <Fault error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && images.length === 0 && (
        <Text size="sm" c="dimmed">
          No image of this split matches.
        </Text>
      )}
      <div className={classes.choices}>
        {images.map((image) => (
          <UnstyledButton
            key={image.index}
            className={classes.choice}
            aria-pressed={image.index === chosen}
            aria-label={`Image ${image.index}, ${image.label}`}
            onClick={() => onChoose(image.index)}
          >
            <img
              src={address('/api/v1/versions/{id}/images/{index}/thumbnail/', { id: version, index: image.index })}
              alt=""
              loading="lazy"
            />
          </UnstyledButton>
        ))}
      </div>
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </Stack>
  );
}

type FinishedProps = { row: Schemas['EditRow']; edit: ReturnType<typeof useEdits>['edit'] };

/** What is on the sheet is read for the edit that is shown alone. */
function Finished({ row, edit }: FinishedProps) {
  if (edit.data?.sheet) return <EditResult key={row.id} edit={edit.data} sheet={edit.data.sheet} />;
  return (
    <Panel title={`Image ${row.image}`}>
      {edit.error === null ? (
        <Waiting lines={2} height={72} />
      ) : (
        <Fault error={edit.error} onRetry={() => void edit.refetch()} />
      )}
    </Panel>
  );
}

type UnmadeProps = { version: string; row: Schemas['EditRow']; act: Act; mayAct: boolean };

/** Why the sheet is not there, beside the image that it is of. */
function Unmade({ version, row, act, mayAct }: UnmadeProps) {
  const can = (verb: 'cancel' | 'retry') => mayAct && row.actions.includes(verb);
  const ask = (verb: 'cancel' | 'retry') => act.mutate({ id: row.id, verb });
  return (
    <Panel title={`Image ${row.image}`}>
      <Group align="flex-start">
        <img
          className={classes.waiting}
          src={address('/api/v1/versions/{id}/images/{index}/thumbnail/', { id: version, index: row.image })}
          alt=""
        />
        <Stack gap="xs" align="flex-start" flex="1 1 260px">
          {row.error !== null && row.state === 'failed' ? (
            <Fault
              error={new Error(row.error.message)}
              title="It could not be edited"
              {...(can('retry') ? { onRetry: () => ask('retry') } : {})}
            />
          ) : (
            <>
              <Text size="sm" role="status">
                {WAITS[row.state] || 'This edit was cancelled.'}
              </Text>
              {row.actions.filter(can).map((verb) => (
                <Button key={verb} size="xs" variant="default" loading={act.isPending} onClick={() => ask(verb)}>
                  {verb === 'retry' ? 'Try again' : 'Cancel'}
                </Button>
              ))}
            </>
          )}
          <Text size="xs" c="dimmed">
            {row.attributes.join(', ')}
          </Text>
        </Stack>
      </Group>
    </Panel>
  );
}

type EarlierProps = { edits: Schemas['EditRow'][]; shown: string | undefined; onOpen: (edit: string) => void };

function Earlier({ edits, shown, onOpen }: EarlierProps) {
  return (
    <Panel title="Edits of this run">
      <Group gap="xs">
        {edits.map((edit) => (
          <Button
            key={edit.id}
            size="compact-sm"
            variant={edit.id === shown ? 'light' : 'default'}
            aria-pressed={edit.id === shown}
            onClick={() => onOpen(edit.id)}
          >
            Image {edit.image}
          </Button>
        ))}
      </Group>
    </Panel>
  );
}

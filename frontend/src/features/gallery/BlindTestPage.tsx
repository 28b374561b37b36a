import { Button, Group, SegmentedControl, Select, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import { useParams } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Fault } from '@/components/Fault';
import { moment, words } from '@/components/format';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { PoolPending, untilThereIsAPool } from '@/components/PoolPending';
import { runTitle } from '@/components/runTitle';
import { TableScroll } from '@/components/TableScroll';
import { percents } from './agreement';
import { BlindResult } from './BlindResult';
import { BlindTrials } from './BlindTrials';
import { useBlindTest, useBlindTests } from './blind';

/** Real or synthetic? Begin a test, go on with one, and see what came out of earlier ones. */
export function BlindTestPage() {
  const { runId = '' } = useParams();
  const run = api.useQuery(
    'get',
    '/api/v1/runs/{id}/',
    { params: { path: { id: runId } } },
    { refetchInterval: untilThereIsAPool },
  );
  const id = run.data?.pool ?? '';
  const pool = api.useQuery('get', '/api/v1/pools/{id}/', { params: { path: { id } } }, { enabled: id !== '' });
  if (run.data?.pool === null) return <PoolPending title="Blind test" run={run.data} />;
  if (run.data === undefined || pool.data === undefined)
    return (
      <PagePending
        title="Blind test"
        error={run.error ?? pool.error}
        onRetry={() => void (run.data === undefined ? run.refetch() : pool.refetch())}
      />
    );
  return (
    <Page>
      <PageHead
        title="Blind test"
        crumbs={[
          { label: 'Home', to: '/' },
          { label: runTitle(run.data), to: `/runs/${runId}` },
          { label: 'Gallery', to: `/runs/${runId}/gallery` },
        ]}
        summary="Images are shown one by one, half of them real training images and half synthetic, the same classes in both halves. Can you tell them apart?"
      />
      <Tests pool={pool.data} />
    </Page>
  );
}

function Tests({ pool }: { pool: Schemas['Pool'] }) {
  const { may } = useLab();
  const [seen, setSeen] = useState<string | null>(null);
  const { tests, begin, giveUp } = useBlindTests(pool.id);
  const open = tests.data?.unfinished ?? seen;
  const test = useBlindTest(open);
  if (tests.data === undefined) return <Fault error={tests.error} onRetry={() => void tests.refetch()} />;
  return (
    <Stack gap="md">
      <Fault error={begin.error ?? giveUp.error ?? test.error} />
      {open !== null && test.data !== undefined && test.data.result === null && (
        <BlindTrials
          key={open}
          test={test.data}
          onFinished={() => setSeen(open)}
          onGiveUp={() => giveUp.mutate(open)}
        />
      )}
      {open !== null && test.data !== undefined && test.data.result !== null && (
        <BlindResult test={test.data} result={test.data.result} />
      )}
      {tests.data.unfinished === null && may('reviewer') && (
        <Begin
          pool={pool}
          isPending={begin.isPending}
          onBegin={(body) => begin.mutate(body, { onSuccess: () => setSeen(null) })}
        />
      )}
      <Earlier tests={tests.data} onOpen={setSeen} />
    </Stack>
  );
}

type BeginProps = {
  pool: Schemas['Pool'];
  isPending: boolean;
  onBegin: (body: Schemas['NewBlindTestRequest']) => void;
};

const SIZES = ['20', '50', '100'];
const WHOLE = 'whole';

function Begin({ pool, isPending, onBegin }: BeginProps) {
  const finished = pool.selections.filter((one) => one.state === 'finished');
  const [size, setSize] = useState('20');
  const [source, setSource] = useState(finished[0]?.id ?? WHOLE);
  return (
    <Panel title="Begin a test">
      <Group align="flex-end" gap="md">
        <div>
          <Text size="sm" fw={500} mb={2} id="blind-size">
            Images
          </Text>
          <SegmentedControl data={SIZES} value={size} onChange={setSize} aria-labelledby="blind-size" />
        </div>
        <Select
          label="Synthetic images"
          w={280}
          allowDeselect={false}
          data={[
            ...finished.map((one) => ({
              value: one.id,
              label: `Kept by selection ${one.number}: ${words(one.sampler)}`,
            })),
            { value: WHOLE, label: 'The whole pool' },
          ]}
          value={source}
          onChange={(value) => setSource(value ?? WHOLE)}
        />
        <Button
          loading={isPending}
          onClick={() =>
            onBegin({
              num_images: Number(size) as Schemas['NewBlindTestRequest']['num_images'],
              selection: source === WHOLE ? null : source,
            })
          }
        >
          Begin
        </Button>
      </Group>
    </Panel>
  );
}

function Earlier({ tests, onOpen }: { tests: Schemas['BlindTests']; onOpen: (id: string) => void }) {
  const { people, finished } = tests;
  if (people === null) return null;
  return (
    <Panel title="Earlier tests of this pool">
      <Text mb="xs">
        {people.low === null || people.high === null
          ? `One person so far, right on ${Math.round(people.mean * 100)} % of the images; an interval over people needs a second one.`
          : `${people.num_people} people are right on ${percents(people.mean, people.low, people.high)} of the images, each person counted once; in brackets Student’s 95 % interval over people.`}
      </Text>
      <TableScroll label="Earlier blind tests" minWidth={420}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Person</Table.Th>
            <Table.Th ta="right">Images</Table.Th>
            <Table.Th ta="right">Right</Table.Th>
            <Table.Th>Finished</Table.Th>
            <Table.Th>
              <VisuallyHidden>Result</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {finished.map(({ id, person, finished_at, hit_rate }) => (
            <Table.Tr key={id}>
              <Table.Td>{person}</Table.Td>
              <Table.Td ta="right">{hit_rate.num_images}</Table.Td>
              <Table.Td ta="right">{percents(hit_rate.share, hit_rate.low, hit_rate.high)}</Table.Td>
              <Table.Td>{finished_at === null ? '' : moment(finished_at)}</Table.Td>
              <Table.Td>
                <Button size="compact-sm" variant="default" onClick={() => onOpen(id)}>
                  Result
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </TableScroll>
    </Panel>
  );
}

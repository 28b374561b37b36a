import { Stack, Text } from '@mantine/core';
import { api, type Schemas } from '@/api/client';
import { ClassBars } from '@/components/ClassBars';
import { Fault, Waiting } from '@/components/Fault';
import { Panel } from '@/components/Page';
import { coverageOf } from './coverage';

const SPLITS = ['train', 'val', 'test'] as const;

/** As high as the bars will be, with three lines of words, up to where they scroll. */
const LINE = 14;
const MOST_BARS = 18;

/** Where the labels of the real images lie and where the kept synthetic ones were added, class by class. */
export function CoveragePanel({ run, pool }: { run: Schemas['Run']; pool: string }) {
  const version = api.useQuery('get', '/api/v1/versions/{id}/', { params: { path: { id: run.version } } });
  const made = api.useQuery('get', '/api/v1/pools/{id}/', { params: { path: { id: pool } } });
  const error = version.error ?? made.error;
  return (
    <Panel title="Labels covered">
      {version.data !== undefined && made.data !== undefined ? (
        <Covered version={version.data} yields={made.data.selections[0]?.yields ?? {}} />
      ) : error === null ? (
        <Waiting lines={Math.min(run.num_classes, MOST_BARS) + 3} height={LINE} />
      ) : (
        <Fault error={error} />
      )}
    </Panel>
  );
}

type CoveredProps = { version: Schemas['DatasetVersion']; yields: Schemas['Selection']['yields'] };

function Covered({ version, yields }: CoveredProps) {
  const kept = Object.fromEntries(Object.entries(yields).map(([name, row]) => [name, row.kept]));
  const splits = SPLITS.filter((split) => version.counts[split] !== undefined);
  const real = splits.map((split) => ({ name: split, tone: split, counts: version.counts[split] ?? {} }));
  const [train, ...others] = real;
  const synthetic = { name: 'synthetic, kept', tone: 'synthetic' as const, counts: kept };
  const heldOut = version.counts.test ?? version.counts.val ?? {};
  return (
    <Stack gap="sm">
      <Text size="sm">{coverageOf(version.classes, heldOut, version.counts.train ?? {}, kept)}</Text>
      <ClassBars
        classNames={version.classes}
        parts={[...(train === undefined ? [] : [train]), synthetic, ...others]}
        label="Images per class: real ones by split, and synthetic ones that were kept for training"
      />
      <Text size="xs" c="dimmed">
        Of the test split the labels are counted here, and nothing else: the run never saw its images or its counts.
      </Text>
    </Stack>
  );
}

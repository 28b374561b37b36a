import { Box, SimpleGrid, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { ClassBars } from '@/components/ClassBars';
import { CopyLine } from '@/components/CopyLine';
import { bytes, count } from '@/components/format';
import { Panel, Stats } from '@/components/Page';
import { balanceOf } from './balance';
import type { Filters } from './filters';
import { IssueList } from './IssueList';
import { KindLine } from './KindLine';
import { nearOf } from './near';
import { OUTCOMES, SPLITS } from './words';

type Props = {
  version: Schemas['DatasetVersion'];
  charts: Schemas['Charts'] | undefined;
  filters: Filters;
  onFilter: (part: Partial<Filters>) => void;
};

/** What a version holds: sizes, balance, images per class and split, and what is wrong with some. */
export function VersionPanel({ version, charts, filters, onFilter }: Props) {
  const splits = SPLITS.filter((split) => version.counts[split] !== undefined);
  const shown = charts?.classes ?? version.counts;
  const parts = splits.map((split) => ({ name: split, tone: split, counts: shown[split] ?? {} }));
  const outcomes = OUTCOMES.filter((outcome) => (version.outcomes[outcome] ?? 0) > 0);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Panel title="Images per class">
        <ClassBars
          classNames={version.classes}
          parts={parts}
          chosen={filters.label}
          onChoose={(label) => onFilter({ label })}
          label="Images per class and split; press a class to see only its images"
        />
      </Panel>
      <Panel title="Health">
        <Stats
          stats={[
            { label: 'Images', value: count(version.num_images) },
            { label: 'Classes', value: count(version.classes.length) },
            ...splits.map((split) => ({ label: split, value: count(sum(version.counts[split])) })),
            { label: 'Size', value: bytes(version.size_bytes) },
            ...outcomes.map((outcome) => ({ label: `Files ${outcome}`, value: count(version.outcomes[outcome] ?? 0) })),
          ]}
        />
        <Box mt="md">
          <KindLine {...version} />
        </Box>
        <Text size="sm" mt="xs" mb={8}>
          {balanceOf(version.counts.train ?? {})} {nearOf(version.near_duplicates)}
        </Text>
        <IssueList version={version} chosen={filters.issue} onChoose={(issue) => onFilter({ issue })} />
        <Text size="xs" c="dimmed" mt="md" mb={4}>
          Content hash: the same images, labels and splits always give the same.
        </Text>
        <CopyLine text={version.content_hash} label="the content hash" />
      </Panel>
    </SimpleGrid>
  );
}

function sum(counts: Record<string, number> | undefined): number {
  return Object.values(counts ?? {}).reduce((total, n) => total + n, 0);
}

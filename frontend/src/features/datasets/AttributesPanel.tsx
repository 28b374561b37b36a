import { Box, SegmentedControl, SimpleGrid, Text } from '@mantine/core';
import { useState } from 'react';
import { api, type Schemas } from '@/api/client';
import { ClassBars } from '@/components/ClassBars';
import { Fault, Waiting } from '@/components/Fault';
import { Panel } from '@/components/Page';
import { filterOf, MEANINGS, partsOf, SIGNS, type Sign } from './attributes';
import type { Filters } from './filters';
import { TogetherTable } from './TogetherTable';

type Props = {
  version: Schemas['DatasetVersion'];
  charts: Schemas['Charts'] | undefined;
  filters: Filters;
  onFilter: (part: Partial<Filters>) => void;
};

/** How many images have each attribute, and which attributes occur together. */
export function AttributesPanel({ version, charts, filters, onFilter }: Props) {
  const together = api.useQuery(
    'get',
    '/api/v1/versions/{id}/attributes/',
    { params: { path: { id: version.id } } },
    { staleTime: Infinity },
  );
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Balance names={version.attributes} charts={charts} filters={filters} onFilter={onFilter} />
      <Panel title="Attributes together">
        <Text size="sm" mb="sm">
          Of the training images that have the attribute of the row, the share that has the one of the column, in per
          cent.
        </Text>
        {together.data !== undefined && <TogetherTable {...together.data} />}
        {together.data === undefined &&
          (together.error === null ? (
            <Waiting lines={6} />
          ) : (
            <Fault error={together.error} onRetry={() => void together.refetch()} />
          ))}
      </Panel>
    </SimpleGrid>
  );
}

type BalanceProps = Omit<Props, 'version'> & { names: string[] };

function Balance({ names, charts, filters, onFilter }: BalanceProps) {
  const asked = partsOf(filters.attribute);
  const [shown, setShown] = useState<Sign>(asked?.sign ?? '1');
  const counts = Object.fromEntries((charts?.attributes ?? []).map((one) => [one.name, one[COUNTED[shown]]]));
  return (
    <Panel
      title="Images per attribute"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="What is counted"
          value={shown}
          onChange={setShown}
          data={SIGNS.map((sign) => ({ value: sign, label: MEANINGS[sign] }))}
        />
      }
    >
      <ClassBars
        classNames={names}
        parts={[{ name: MEANINGS[shown], tone: 'train', counts }]}
        chosen={asked?.sign === shown ? asked.name : null}
        onChoose={(name) => onFilter({ attribute: name === null ? null : filterOf(name, shown) })}
        label="Images per attribute; press an attribute to see only its images"
      />
      <Box mt="sm">
        <Text size="xs" c="dimmed">
          An image may have several. Its class is the rarest one that it has; one whose images all have a rarer one
          takes some of them.
        </Text>
      </Box>
    </Panel>
  );
}

const COUNTED = { '1': 'has', '0': 'lacks', '?': 'unknown' } as const;

import { Anchor, SegmentedControl, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { address } from '@/api/address';
import { api, cursorOf, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { count } from '@/components/format';
import { MoreButton } from '@/components/MoreButton';
import { Panel } from '@/components/Page';
import { StateLabel, type Tone } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';
import { OUTCOMES, type Outcome } from './words';

const TONES: Record<Outcome, Tone> = { accepted: 'good', duplicate: 'idle', skipped: 'warn', failed: 'bad' };

/** What became of every file of the upload, with the reason. */
export function ReportTable({ version }: { version: Schemas['DatasetVersion'] }) {
  const troubled = OUTCOMES.slice(1).some((outcome) => (version.outcomes[outcome] ?? 0) > 0);
  const [outcome, setOutcome] = useState<Outcome | 'all'>(troubled ? firstTrouble(version.outcomes) : 'all');
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/versions/{id}/report/',
    { params: { path: { id: version.id }, query: outcome === 'all' ? {} : { outcome } } },
    { initialPageParam: null, getNextPageParam: (page) => cursorOf(page.next) },
  );
  const files = data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Panel
      title="Ingest report"
      actions={
        <Anchor href={address('/api/v1/versions/{id}/report.csv', { id: version.id })} download size="sm">
          Download as CSV
        </Anchor>
      }
    >
      <SegmentedControl
        size="xs"
        mb="sm"
        aria-label="Outcome"
        value={outcome}
        onChange={(value) => setOutcome(value)}
        data={['all' as const, ...OUTCOMES].map((one) => ({ value: one, label: labelOf(one, version.outcomes) }))}
      />
      {data === undefined && (error === null ? <Waiting /> : <Fault error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && files.length === 0 && (
        <Text size="sm" c="dimmed">
          No file had this outcome.
        </Text>
      )}
      {files.length > 0 && (
        <TableScroll label="Files of the upload" minWidth={560}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={110}>Outcome</Table.Th>
              <Table.Th>File</Table.Th>
              <Table.Th>Reason</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {files.map((file, place) => (
              <Table.Tr key={`${place} ${file.name}`}>
                <Table.Td>
                  <StateLabel tone={TONES[file.outcome]}>{file.outcome}</StateLabel>
                </Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{file.name}</Table.Td>
                <Table.Td>{file.reason}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </TableScroll>
      )}
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </Panel>
  );
}

function labelOf(outcome: Outcome | 'all', outcomes: Record<string, number>): string {
  const total = Object.values(outcomes).reduce((sum, n) => sum + n, 0);
  return `${outcome} ${count(outcome === 'all' ? total : (outcomes[outcome] ?? 0))}`;
}

/** The report opens at what a person must look at. */
function firstTrouble(outcomes: Record<string, number>): Outcome {
  return (['failed', 'skipped', 'duplicate'] as const).find((outcome) => (outcomes[outcome] ?? 0) > 0) ?? 'accepted';
}

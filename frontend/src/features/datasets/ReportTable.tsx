import { Anchor, Box, Group, SegmentedControl, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useSearchParams } from 'react-router';
import { address } from '@/api/address';
import { api, cursorOf, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { count } from '@/components/format';
import { MoreButton } from '@/components/MoreButton';
import { Panel } from '@/components/Page';
import { StateLabel, type Tone } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';
import { KindLine } from './KindLine';
import { OUTCOMES, type Outcome } from './words';

const CSV = '/api/v1/versions/{id}/report.csv';
const TONES: Record<Outcome, Tone> = { accepted: 'good', duplicate: 'idle', skipped: 'warn', failed: 'bad' };

const PAUSE_MS = 300;
const SIGNS = 255;

/** What became of every file of the upload, with the reason; what is shown stands in the page's address. */
export function ReportTable({ version }: { version: Schemas['DatasetVersion'] }) {
  const { outcome, text, put } = useReportFilters(version.outcomes);
  const [asked] = useDebouncedValue(text, PAUSE_MS);
  const query = { ...(outcome === 'all' ? {} : { outcome }), ...(asked === '' ? {} : { text: asked }) };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/versions/{id}/report/',
    { params: { path: { id: version.id }, query } },
    { initialPageParam: null, getNextPageParam: (page) => cursorOf(page.next) },
  );
  const files = data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Panel
      title="Ingest report"
      actions={
        <Group gap="md">
          {(outcome !== 'all' || asked !== '') && (
            <Anchor href={address(CSV, { id: version.id }, query)} download size="sm">
              Download these as CSV
            </Anchor>
          )}
          <Anchor href={address(CSV, { id: version.id })} download size="sm">
            Download as CSV
          </Anchor>
        </Group>
      }
    >
      <Box mb="sm">
        <KindLine {...version} />
      </Box>
      <Group gap="sm" mb="sm">
        <SegmentedControl
          size="xs"
          aria-label="Outcome"
          value={outcome}
          onChange={(value) => put('outcome', value)}
          data={['all' as const, ...OUTCOMES].map((one) => ({ value: one, label: labelOf(one, version.outcomes) }))}
        />
        <TextInput
          size="xs"
          type="search"
          aria-label="Part of a name or reason"
          placeholder="Part of a name or reason"
          value={text}
          onChange={(event) => put('text', event.currentTarget.value)}
          maxLength={SIGNS}
          flex="1 1 180px"
          maw={320}
        />
      </Group>
      {data === undefined && (error === null ? <Waiting /> : <Fault error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && files.length === 0 && (
        <Text size="sm" c="dimmed">
          {asked === '' ? 'No file had this outcome.' : 'No file of this outcome has that in its name or reason.'}
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

/** The filters in the address; an outcome that is not there is the one that a person must look at. */
function useReportFilters(outcomes: Record<string, number>) {
  const [search, setSearch] = useSearchParams();
  const wanted = search.get('outcome');
  const outcome = (['all' as const, ...OUTCOMES] as const).find((one) => one === wanted) ?? firstTrouble(outcomes);
  const put = (name: 'outcome' | 'text', value: string) => {
    const next = new URLSearchParams(search);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true, preventScrollReset: true });
  };
  return { outcome, text: search.get('text') ?? '', put };
}

function labelOf(outcome: Outcome | 'all', outcomes: Record<string, number>): string {
  const total = Object.values(outcomes).reduce((sum, n) => sum + n, 0);
  return `${outcome} ${count(outcome === 'all' ? total : (outcomes[outcome] ?? 0))}`;
}

/** The report opens at what a person must look at. */
function firstTrouble(outcomes: Record<string, number>): Outcome | 'all' {
  return (['failed', 'skipped', 'duplicate'] as const).find((outcome) => (outcomes[outcome] ?? 0) > 0) ?? 'all';
}

import { Table, Text } from '@mantine/core';
import { api, cursorOf, type Schemas } from '@/api/client';
import { Fault } from '@/components/Fault';
import { count, plural } from '@/components/format';
import { MoreButton } from '@/components/MoreButton';
import { Panel, Stats } from '@/components/Page';
import { StateLabel } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';

type Origin = NonNullable<Schemas['Run']['origin']>;
const LEFT_OUT = ['failed', 'skipped', 'duplicate'] as const;

/** Who made the images of an import, and what became of the files. */
export function OriginPanel({ run, origin }: { run: Schemas['Run']; origin: Origin }) {
  const left = LEFT_OUT.filter((outcome) => (origin.outcomes[outcome] ?? 0) > 0);
  return (
    <Panel title="Made elsewhere">
      <Stats
        stats={[
          { label: 'Model', value: origin.name },
          { label: 'Licence', value: origin.licence === '' ? 'none was stated' : origin.licence },
          ...(origin.file_name === '' ? [] : [{ label: 'File', value: origin.file_name }]),
          ...Object.entries(origin.outcomes).map(([outcome, files]) => ({
            label: `Files ${outcome}`,
            value: count(files),
          })),
        ]}
      />
      {origin.note !== '' && (
        <Text size="sm" mt="sm">
          {origin.note}
        </Text>
      )}
      {left.map((outcome) => (
        <LeftOut key={outcome} run={run.id} outcome={outcome} number={origin.outcomes[outcome] ?? 0} />
      ))}
    </Panel>
  );
}

type LeftOutProps = { run: string; outcome: (typeof LEFT_OUT)[number]; number: number };

function LeftOut({ run, outcome, number }: LeftOutProps) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/runs/{id}/files/',
    { params: { path: { id: run }, query: { outcome } } },
    { initialPageParam: null, getNextPageParam: (page) => cursorOf(page.next) },
  );
  const files = data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <>
      <Text size="sm" mt="md" mb={4} component="h3" fw={600}>
        <StateLabel tone={outcome === 'failed' ? 'bad' : 'warn'}>{outcome}</StateLabel> {plural(number, 'file')}
      </Text>
      <Fault error={error} />
      <TableScroll label={`Files ${outcome}`} minWidth={480}>
        <Table.Tbody>
          {files.map((file, place) => (
            <Table.Tr key={`${place} ${file.name}`}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{file.name}</Table.Td>
              <Table.Td>{file.reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </TableScroll>
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </>
  );
}

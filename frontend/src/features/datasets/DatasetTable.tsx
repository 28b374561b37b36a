import { Anchor, Button, Table } from '@mantine/core';
import { Link } from 'react-router';
import { api, cursorOf, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { ago, bytes, count } from '@/components/format';
import { PutAway } from '@/components/life/PutAway';
import { MoreButton } from '@/components/MoreButton';
import { StateLabel } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';
import { isMoving, wordsOf } from './words';

const REFRESH_MS = 3_000;

/** The lab's datasets with their newest version; also those that were put away, where `archived`. */
export function DatasetTable({ lab, archived = false }: { lab: string; archived?: boolean }) {
  const { may } = useLab();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/datasets/',
    { params: { query: { lab, archived: archived ? 'all' : 'no', limit: 20 } } },
    {
      initialPageParam: null,
      getNextPageParam: (page) => cursorOf(page.next),
      refetchInterval: (query) =>
        query.state.data?.pages.some((page) =>
          page.results.some((one) => one.versions.some((version) => isMoving(version.state))),
        ) === true
          ? REFRESH_MS
          : false,
    },
  );
  if (data === undefined) return error === null ? <Waiting /> : <Fault error={error} onRetry={() => void refetch()} />;
  const datasets = data.pages.flatMap((page) => page.results);
  if (datasets.length === 0)
    return (
      <Empty
        title="No datasets yet"
        action={
          may('researcher') && (
            <Button component={Link} to="/upload" variant="default">
              Upload a dataset
            </Button>
          )
        }
      >
        A dataset is a zip or a folder of images with one folder per class. It is where everything begins.
      </Empty>
    );
  return (
    <>
      <TableScroll label="Datasets" minWidth={560}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Dataset</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th ta="right">Images</Table.Th>
            <Table.Th ta="right">Classes</Table.Th>
            <Table.Th ta="right">Size</Table.Th>
            <Table.Th>Uploaded</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {datasets.map((dataset) => (
            <DatasetRow key={dataset.id} dataset={dataset} />
          ))}
        </Table.Tbody>
      </TableScroll>
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </>
  );
}

const NOWRAP = { whiteSpace: 'nowrap' } as const;

function DatasetRow({ dataset }: { dataset: Schemas['Dataset'] }) {
  const { id, name, created_at, versions } = dataset;
  const [newest] = versions;
  return (
    <Table.Tr>
      <Table.Td miw={170}>
        <Anchor component={Link} to={`/datasets/${id}`} fw={500} size="sm">
          {name}
          {versions.length > 1 && `, ${versions.length} versions`}
        </Anchor>
        <PutAway thing={{ noun: 'dataset', ...dataset }} />
      </Table.Td>
      <Table.Td>
        {newest && <StateLabel tone={wordsOf(newest.state).tone}>{wordsOf(newest.state).label}</StateLabel>}
      </Table.Td>
      <Table.Td ta="right">{newest && count(newest.num_images)}</Table.Td>
      <Table.Td ta="right">{newest && count(newest.classes.length)}</Table.Td>
      <Table.Td ta="right" style={NOWRAP}>
        {newest && bytes(newest.size_bytes)}
      </Table.Td>
      <Table.Td style={NOWRAP}>{ago(created_at)}</Table.Td>
    </Table.Tr>
  );
}

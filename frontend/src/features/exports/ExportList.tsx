import { Stack } from '@mantine/core';
import { api, cursorOf } from '@/api/client';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { MoreButton } from '@/components/MoreButton';
import { Panel } from '@/components/Page';
import { ExportCard } from './ExportCard';

/** The exports of a run, newest first. */
export function ExportList({ run }: { run: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/exports/',
    { params: { query: { run } } },
    { initialPageParam: null, getNextPageParam: (page) => cursorOf(page.next) },
  );
  const exports = data?.pages.flatMap((page) => page.results) ?? [];
  if (data === undefined)
    return (
      <Panel title="Exports">
        {error === null ? <Waiting /> : <Fault error={error} onRetry={() => void refetch()} />}
      </Panel>
    );
  if (exports.length === 0)
    return (
      <Panel title="Exports">
        <Empty title="No exports yet">
          Choose what it shall hold and press “Build the export”. By default it holds every real image, and the samples
          that the sampler selected and nobody rejected.
        </Empty>
      </Panel>
    );
  return (
    <Stack gap="md">
      {exports.map((one) => (
        <ExportCard key={one.id} start={one} />
      ))}
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </Stack>
  );
}

import { Stack } from '@mantine/core';
import { api, cursorOf } from '@/api/client';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { MoreButton } from '@/components/MoreButton';
import { Panel } from '@/components/Page';
import { ExportCard } from './ExportCard';

/** The exports of a run, or of a version alone, newest first. */
export function ExportList({ of }: { of: { run: string } | { version: string } }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/exports/',
    { params: { query: of } },
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
          {'run' in of
            ? 'Choose what it shall hold and press “Build the export”. By default it holds every real image, and the samples that the sampler selected and nobody rejected.'
            : 'Choose a format and press “Build the export”. It holds the real images of this version, each in its split.'}
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

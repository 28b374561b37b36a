import { useParams } from 'react-router';
import { api } from '@/api/client';
import { PagePending } from '@/components/PagePending';
import { PoolPending, untilThereIsAPool } from '@/components/PoolPending';
import { Gallery } from './Gallery';

/** The pool of a run, to be looked at and judged. */
export function GalleryPage() {
  const { runId = '' } = useParams();
  const run = api.useQuery(
    'get',
    '/api/v1/runs/{id}/',
    { params: { path: { id: runId } } },
    { refetchInterval: untilThereIsAPool },
  );
  const id = run.data?.pool ?? '';
  const pool = api.useQuery('get', '/api/v1/pools/{id}/', { params: { path: { id } } }, { enabled: id !== '' });
  const error = run.error ?? pool.error;
  if (run.data !== undefined && run.data.pool === null) return <PoolPending title="Gallery" run={run.data} />;
  if (run.data === undefined || pool.data === undefined)
    return (
      <PagePending
        title="Gallery"
        error={error}
        onRetry={() => void (run.data === undefined ? run.refetch() : pool.refetch())}
      />
    );
  return <Gallery key={id} run={run.data} pool={pool.data} />;
}

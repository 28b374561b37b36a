import { useParams, useSearchParams } from 'react-router';
import { api } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { Columns, Page } from '@/components/Page';
import { runTitle } from '@/components/runTitle';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { PoolPending, untilThereIsAPool } from '@/components/PoolPending';
import { ExportForm } from './ExportForm';
import { ExportList } from './ExportList';

/** What is taken away from a run: asked for, built, downloaded. */
export function ExportPage() {
  const { runId = '' } = useParams();
  const [search] = useSearchParams();
  const run = api.useQuery(
    'get',
    '/api/v1/runs/{id}/',
    { params: { path: { id: runId } } },
    { refetchInterval: untilThereIsAPool },
  );
  const id = run.data?.pool ?? '';
  const pool = api.useQuery('get', '/api/v1/pools/{id}/', { params: { path: { id } } }, { enabled: id !== '' });
  if (run.data === undefined)
    return <PagePending title="Export" error={run.error} onRetry={() => void run.refetch()} />;
  if (run.data.pool === null) return <PoolPending title="Export" run={run.data} />;
  const crumbs = [
    { label: 'Home', to: '/' },
    { label: runTitle(run.data), to: `/runs/${runId}` },
  ];
  return (
    <Page>
      <PageHead
        title="Export"
        crumbs={crumbs}
        summary="The augmented dataset as one file, with a row for every image and where it comes from."
      />
      <Columns
        main={<ExportList of={{ run: runId }} />}
        aside={
          pool.data === undefined ? (
            pool.error === null ? (
              <Waiting lines={6} />
            ) : (
              <Fault error={pool.error} onRetry={() => void pool.refetch()} />
            )
          ) : (
            <ExportForm pool={pool.data} selection={search.get('selection')} />
          )
        }
      />
    </Page>
  );
}

import { Text } from '@mantine/core';
import { api } from '@/api/client';
import { useLab } from '@/api/lab';
import { Fault, Waiting } from '@/components/Fault';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { QuotaForm } from './QuotaForm';
import { ThingTable } from './ThingTable';
import { UsagePanel } from './UsagePanel';

/** What the lab stores, what takes most of it, and what was put away. */
export function StoragePage() {
  const { lab } = useLab();
  const id = lab?.id ?? '';
  const { data, error, refetch } = api.useQuery(
    'get',
    '/api/v1/labs/{id}/storage/',
    { params: { path: { id } } },
    { enabled: id !== '' },
  );
  if (lab === null) return <PagePending title="Storage" error={null} onRetry={() => undefined} />;
  return (
    <Page>
      <PageHead
        title="Storage"
        crumbs={[{ label: 'Home', to: '/' }]}
        summary="What the lab keeps on the disk. Sizes of runs are looked at every few minutes while they work."
      />
      {data === undefined ? (
        error === null ? (
          <Waiting lines={6} />
        ) : (
          <Fault error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Columns
          main={
            <Panel title="What takes most">
              {data.biggest.length === 0 ? (
                <Text size="sm" c="dimmed">
                  Nothing is stored yet.
                </Text>
              ) : (
                <ThingTable things={data.biggest} />
              )}
            </Panel>
          }
          aside={
            <>
              <UsagePanel storage={data} />
              <QuotaForm lab={lab.id} quota={data.quota_bytes} />
            </>
          }
        />
      )}
    </Page>
  );
}

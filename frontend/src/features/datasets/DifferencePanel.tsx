import { api, type Schemas } from '@/api/client';
import { count } from '@/components/format';
import { Panel, Stats } from '@/components/Page';

/** How a version differs from the one before it. */
export function DifferencePanel({ version }: { version: Schemas['DatasetVersion'] }) {
  const { data } = api.useQuery('get', '/api/v1/versions/{id}/difference/', {
    params: { path: { id: version.id } },
  });
  if (data === undefined) return null;
  return (
    <Panel title={`Compared with version ${data.other}`}>
      <Stats
        stats={[
          { label: 'Added', value: count(data.added) },
          { label: 'Removed', value: count(data.removed) },
          { label: 'Relabelled', value: count(data.relabelled) },
          { label: 'In another split', value: count(data.moved) },
          { label: 'Unchanged', value: count(data.unchanged) },
        ]}
      />
    </Panel>
  );
}

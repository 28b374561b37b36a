import { api } from '@/api/client';
import { Panel } from '@/components/Page';
import { StudyTable } from './StudyTable';

/** The studies that were asked from a run, where there are any. */
export function RunStudies({ run, lab }: { run: string; lab: string }) {
  const { data } = api.useQuery('get', '/api/v1/studies/', { params: { query: { run, limit: 1 } } });
  if (data === undefined || data.results.length === 0) return null;
  return (
    <Panel title="Does it help?">
      <StudyTable lab={lab} run={run} />
    </Panel>
  );
}

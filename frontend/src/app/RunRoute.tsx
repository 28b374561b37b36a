import { RunPage } from '@/features/runs/RunPage';
import { RunStudies } from '@/features/studies/RunStudies';

/** A run's page, with the studies that were asked from it. */
export function RunRoute() {
  return <RunPage below={(run) => <RunStudies run={run.id} lab={run.lab} />} />;
}

import { useLab } from '@/api/lab';
import { Panel } from '@/components/Page';
import { DatasetPage } from '@/features/datasets/DatasetPage';
import { RunTable } from '@/features/runs/RunTable';

/** A dataset's page, with the runs on its version below. */
export function DatasetRoute() {
  const { lab } = useLab();
  return (
    <DatasetPage
      below={(version) =>
        lab !== null && (
          <Panel title="Runs on this version">
            <RunTable lab={lab.id} version={version} />
          </Panel>
        )
      }
    />
  );
}

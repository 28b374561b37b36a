import { useLab } from '@/api/lab';
import { ListPanel } from '@/components/life/ListPanel';
import { DatasetPage } from '@/features/datasets/DatasetPage';
import { RunTable } from '@/features/runs/RunTable';

/** A dataset's page, with the runs on its version below. */
export function DatasetRoute() {
  const { lab } = useLab();
  return (
    <DatasetPage
      below={(version) =>
        lab !== null && (
          <ListPanel title="Runs on this version">
            {(archived) => <RunTable lab={lab.id} version={version} archived={archived} />}
          </ListPanel>
        )
      }
    />
  );
}

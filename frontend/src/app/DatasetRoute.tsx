import { Button, Stack } from '@mantine/core';
import { Link } from 'react-router';
import { useLab } from '@/api/lab';
import { ListPanel } from '@/components/life/ListPanel';
import { DatasetPage } from '@/features/datasets/DatasetPage';
import { RunTable } from '@/features/runs/RunTable';
import { StudyTable } from '@/features/studies/StudyTable';

/** A dataset's page, with the runs and the studies on its version below. */
export function DatasetRoute() {
  const { lab, may } = useLab();
  return (
    <DatasetPage
      below={(version) =>
        lab !== null && (
          <Stack gap="md">
            <ListPanel title="Runs on this version">
              {(archived) => <RunTable lab={lab.id} version={version} archived={archived} />}
            </ListPanel>
            <ListPanel title="Studies of this version">
              {(archived) => (
                <StudyTable
                  lab={lab.id}
                  version={version}
                  archived={archived}
                  action={
                    may('researcher') && (
                      <Button component={Link} to={`/studies/new?version=${version}`} variant="default">
                        New study
                      </Button>
                    )
                  }
                />
              )}
            </ListPanel>
          </Stack>
        )
      }
    />
  );
}

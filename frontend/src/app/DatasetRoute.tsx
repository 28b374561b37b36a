import { Box, Button, Stack } from '@mantine/core';
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
      below={({ id, attributes }) =>
        lab !== null && (
          <Stack gap="md">
            <ListPanel title="Runs on this version">
              {(archived) => <RunTable lab={lab.id} version={id} archived={archived} />}
            </ListPanel>
            <ListPanel title="Studies of this version">
              {(archived) => (
                <Stack gap="sm" align="flex-start">
                  <Box w="100%">
                    <StudyTable
                      lab={lab.id}
                      version={id}
                      archived={archived}
                      action={
                        may('researcher') && (
                          <Button component={Link} to={`/studies/new?version=${id}`} variant="default">
                            New study
                          </Button>
                        )
                      }
                    />
                  </Box>
                  {may('researcher') && attributes.length > 1 && (
                    <Button
                      component={Link}
                      to={`/studies/new?version=${id}&question=attributes`}
                      variant="default"
                      size="xs"
                    >
                      Compare ways of editing attributes
                    </Button>
                  )}
                </Stack>
              )}
            </ListPanel>
          </Stack>
        )
      }
    />
  );
}

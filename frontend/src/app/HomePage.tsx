import { Button, Stack } from '@mantine/core';
import { Link } from 'react-router';
import { useLab } from '@/api/lab';
import { ListPanel } from '@/components/life/ListPanel';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { DatasetTable } from '@/features/datasets/DatasetTable';
import { DropToUpload } from '@/features/datasets/DropToUpload';
import { RunTable } from '@/features/runs/RunTable';

/** Everything the lab has: its datasets and its runs, newest first. */
export function HomePage() {
  const { lab, may } = useLab();
  if (lab === null)
    return (
      <Page>
        <PageHead title="No lab yet" summary="You are in no lab. Ask an owner or admin of a lab to add you." />
      </Page>
    );
  return (
    <Page>
      <DropToUpload />
      <PageHead
        title={lab.name}
        actions={
          may('researcher') && (
            <Button component={Link} to="/upload">
              Upload a dataset
            </Button>
          )
        }
      />
      <Stack gap="md">
        <ListPanel title="Runs">{(archived) => <RunTable lab={lab.id} archived={archived} />}</ListPanel>
        <ListPanel title="Datasets">{(archived) => <DatasetTable lab={lab.id} archived={archived} />}</ListPanel>
      </Stack>
    </Page>
  );
}

import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { useLab } from '@/api/lab';
import { ListPanel } from '@/components/life/ListPanel';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { StudyTable } from './StudyTable';

/** The lab's studies, newest first. */
export function StudiesPage() {
  const { lab, may } = useLab();
  if (lab === null) return <PagePending title="Studies" error={null} onRetry={() => undefined} />;
  const begin = (variant: 'filled' | 'default') =>
    may('researcher') && (
      <Button component={Link} to="/studies/new" variant={variant}>
        New study
      </Button>
    );
  return (
    <Page>
      <PageHead
        title="Studies"
        crumbs={[{ label: lab.name, to: '/' }]}
        summary="Does it help? Measured on real test images that no generator, sampler or setting ever saw. And which way of editing attributes does what was asked."
        actions={
          <>
            {may('researcher') && (
              <Button component={Link} to="/studies/new?question=attributes" variant="default">
                Compare ways of editing
              </Button>
            )}
            {begin('filled')}
          </>
        }
      />
      <ListPanel title="Studies of the lab">
        {(archived) => <StudyTable lab={lab.id} archived={archived} action={begin('default')} />}
      </ListPanel>
    </Page>
  );
}

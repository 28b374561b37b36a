import { Button } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { Empty } from './Empty';
import { Page, Panel } from './Page';
import { PageHead } from './PageHead';
import { runTitle } from './runTitle';

const ASK_MS = 5_000;

/** A page about a run's samples, of a run that has none yet or never got any. */
export function PoolPending({ title, run }: { title: string; run: Schemas['Run'] }) {
  const to = `/runs/${run.id}`;
  return (
    <Page>
      <PageHead
        title={title}
        crumbs={[
          { label: 'Home', to: '/' },
          { label: runTitle(run), to },
        ]}
      />
      <Panel>
        <Empty
          title="No samples yet"
          action={
            <Button component={Link} to={to}>
              Look at the run
            </Button>
          }
        >
          The samples are here once the run has finished; this page then shows them by itself. How far it is, and what
          to do when it failed, stands on its page.
        </Empty>
      </Panel>
    </Page>
  );
}

/** Asks for a run again and again until it has its pool; for the option `refetchInterval`. */
export function untilThereIsAPool(query: { state: { data?: Schemas['Run'] | undefined } }): number | false {
  return query.state.data?.pool === null ? ASK_MS : false;
}

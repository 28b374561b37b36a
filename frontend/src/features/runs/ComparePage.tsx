import { Button, Stack } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '@/api/client';
import { Empty } from '@/components/Empty';
import { Waiting } from '@/components/Fault';
import { plural } from '@/components/format';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { Comparison, Followed, Unread, useRuns } from './Comparison';
import { Curves } from './Curves';
import { useView } from './view';

/** Some runs beside each other: how their recipes differ, what they reached, their curves in the same charts. */
export function ComparePage() {
  const [{ runs: ids }] = useView();
  const { known, faults } = useRuns(ids);
  // The names of metrics decide how wide the columns are.
  const { isPending: isNameless } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const isPending = isNameless || known.length + faults.length < ids.length;
  return (
    <Page>
      <PageHead title={`Comparison of ${plural(ids.length, 'run')}`} crumbs={[{ label: 'Home', to: '/' }]} />
      <Stack gap="md">
        <Unread faults={faults} />
        {ids.length < 2 ? (
          <Panel>
            <Empty
              title="Two runs or more are compared"
              action={
                <Button component={Link} to="/">
                  Choose runs
                </Button>
              }
            >
              Tick them in a list of runs and press “Compare”.
            </Empty>
          </Panel>
        ) : isPending ? (
          <Panel>
            <Waiting lines={8} />
          </Panel>
        ) : (
          <>
            <Comparison runs={known.map(({ run }) => run)} />
            <Curves runs={known} />
          </>
        )}
      </Stack>
      {ids.map((id) => (
        <Followed key={id} id={id} />
      ))}
    </Page>
  );
}

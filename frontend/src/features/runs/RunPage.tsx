import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconDownload, IconLayoutGrid, IconScale, IconToggleRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { LifeMenu } from '@/components/life/LifeMenu';
import { LinkLabel } from '@/components/LinkLabel';
import { Waiting } from '@/components/Fault';
import { count, plural, words } from '@/components/format';
import { Page, Panel } from '@/components/Page';
import { runTitle } from '@/components/runTitle';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { StateLabel } from '@/components/StateLabel';
import { CodeSweeps } from './CodeSweeps';
import { Comparison, Followed, Unread, useRuns } from './Comparison';
import { CoveragePanel } from './CoveragePanel';
import { Curves } from './Curves';
import { HealthPanel } from './HealthPanel';
import { Children, StartedFrom } from './Lineage';
import { useLiveRun } from './live';
import { MetricTable } from './MetricTable';
import { NoticeButton } from './NoticeButton';
import { OriginPanel } from './OriginPanel';
import { ProgressPanel } from './ProgressPanel';
import { RecipePanel } from './RecipePanel';
import { RunActions, SmallerMicroBatch } from './RunActions';
import { RunPicker } from './RunPicker';
import { SampleWall } from './SampleWall';
import { useView } from './view';
import { YieldPanel } from './YieldPanel';
import { isMoving, wordsOf } from './words';

type Below = (run: Schemas['Run']) => ReactNode;

/** One run, live: where it is, its curves and samples, in the end what it brought and, below, what the app puts there. */
export function RunPage({ below }: { below: Below }) {
  const { runId = '' } = useParams();
  // A new key, so that nothing of one run is left on the page of another.
  return <LiveRun key={runId} id={runId} below={below} />;
}

function LiveRun({ id, below }: { id: string; below: Below }) {
  const { run, scalars, previews, sweeps = [] } = useLiveRun(id);
  if (run.data === undefined) return <PagePending title="Run" error={run.error} onRetry={() => void run.refetch()} />;
  const shown = run.data;
  return (
    <Page>
      <Head run={shown} />
      <Stack gap="md">
        <Notices run={shown} />
        <ProgressPanel run={shown} />
        <HealthPanel run={shown} />
        {shown.origin !== null && <OriginPanel run={shown} origin={shown.origin} />}
        {shown.pool !== null && <Results run={shown} pool={shown.pool} />}
        {shown.origin === null && <History run={shown} previews={previews} scalars={scalars} sweeps={sweeps} />}
        <Children run={shown} />
        {below(shown)}
        <RecipePanel run={shown} />
      </Stack>
    </Page>
  );
}

type HistoryProps = { run: Schemas['Run']; sweeps: Schemas['Sweep'][] } & Pick<
  ReturnType<typeof useLiveRun>,
  'previews' | 'scalars'
>;

/** Five of these and the gaps between are as high as a wall that is full. */
const WALL_LINE = 92;

/** How the run went. One that ended before it said anything has nothing to show, and nothing will come. */
function History({ run, previews, scalars, sweeps }: HistoryProps) {
  const comes = isMoving(run.state);
  return (
    <>
      {previews === undefined ? (
        <Panel title="Sample wall">
          <Waiting lines={5} height={WALL_LINE} />
        </Panel>
      ) : (
        (comes || previews.length > 0) && <SampleWall rows={previews} run={run} />
      )}
      {sweeps.length > 0 && <CodeSweeps sheets={sweeps} />}
      {scalars === undefined ? (
        <Panel title="Curves">
          <Waiting lines={5} />
        </Panel>
      ) : (
        (comes || scalars.steps.length > 0) && <Compared run={run} curves={scalars} />
      )}
    </>
  );
}

/** The curves, with those of the runs that were chosen beside it, and what differs. */
function Compared({ run, curves }: { run: Schemas['Run']; curves: Schemas['Scalars'] }) {
  const [{ runs: ids }, setView] = useView(run.id);
  const { known, faults } = useRuns(ids);
  const others = known.map((other) => other.run);
  return (
    <>
      <Curves
        runs={[{ curves }, ...known]}
        picker={<RunPicker run={run} chosen={ids} onChoose={(runs) => setView({ runs })} known={others} />}
      />
      <Unread faults={faults} />
      {others.length > 0 && <Comparison runs={[run, ...others]} />}
      {ids.map((id) => (
        <Followed key={id} id={id} />
      ))}
    </>
  );
}

/** What the run brought; it comes first when the run is finished. */
function Results({ run, pool }: { run: Schemas['Run']; pool: string }) {
  return (
    <>
      <MetricTable metrics={run.metrics} />
      <YieldPanel run={run} pool={pool} />
      <CoveragePanel run={run} pool={pool} />
    </>
  );
}

function Head({ run }: { run: Schemas['Run'] }) {
  const navigate = useNavigate();
  const { label, tone } = wordsOf(run.state);
  return (
    <PageHead
      title={runTitle(run)}
      crumbs={[
        { label: 'Home', to: '/' },
        {
          label: `${run.dataset_name}, version ${run.version_number}`,
          to: `/datasets/${run.dataset}/${run.version_number}`,
        },
      ]}
      badge={<StateLabel tone={tone}>{label}</StateLabel>}
      summary={
        <Group gap="md">
          <span>
            {run.origin === null
              ? `${run.model} with ${words(run.sampler)}, recipe ${run.recipe.number}`
              : `Images of ${run.origin.name}, imported`}
          </span>
          <StartedFrom run={run} />
          {isMoving(run.state) && <LinkLabel />}
        </Group>
      }
      actions={
        <>
          <NoticeButton run={run} />
          {run.pool !== null && (
            <>
              <Button component={Link} to={`/runs/${run.id}/gallery`} leftSection={<IconLayoutGrid size={16} />}>
                Review samples
              </Button>
              <Button
                component={Link}
                to={`/runs/${run.id}/exports`}
                variant="default"
                leftSection={<IconDownload size={16} />}
              >
                Export
              </Button>
              <StudyLink run={run} />
            </>
          )}
          {run.can_edit && (
            <Button
              component={Link}
              to={`/runs/${run.id}/edits`}
              variant="default"
              leftSection={<IconToggleRight size={16} />}
            >
              Edit an image
            </Button>
          )}
          <RunActions run={run} />
          <LifeMenu
            thing={{ noun: 'run', id: run.id, name: runTitle(run), archived_at: run.archived_at }}
            onDeleted={() => void navigate('/')}
          />
        </>
      }
    />
  );
}

/** To the question whether this run's recipe helps a classifier. */
function StudyLink({ run }: { run: Schemas['Run'] }) {
  const { may } = useLab();
  if (!may('researcher')) return null;
  return (
    <Button
      component={Link}
      to={`/studies/new?version=${run.version}&run=${run.id}`}
      variant="default"
      leftSection={<IconScale size={16} />}
    >
      Does it help?
    </Button>
  );
}

function Notices({ run }: { run: Schemas['Run'] }) {
  return (
    <>
      {run.error !== null && (
        <Alert
          role="alert"
          variant="outline"
          color="red"
          icon={<IconAlertTriangle aria-hidden />}
          title={run.state === 'interrupted' ? 'The run waits, and goes on by itself' : 'The run failed'}
          p="sm"
        >
          {run.error.message}
          <div>
            <SmallerMicroBatch run={run} />
          </div>
        </Alert>
      )}
      {run.attempts > 1 && isMoving(run.state) && (
        <Text size="sm" c="var(--warn)">
          This is attempt {count(run.attempts)} since the last checkpoint; its worker vanished{' '}
          {plural(run.attempts - 1, 'time')}.
        </Text>
      )}
      {run.warnings.length > 0 && (
        <Alert variant="outline" color="yellow" icon={<IconAlertTriangle aria-hidden />} title="To mind" p="sm">
          <Stack gap={4}>
            {run.warnings.map((warning) => (
              <Text key={warning.code + warning.message} size="sm">
                {warning.message}
              </Text>
            ))}
          </Stack>
        </Alert>
      )}
    </>
  );
}

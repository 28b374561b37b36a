import { Anchor, Button, Checkbox, Group, Progress, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, cursorOf, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { ago, count, duration, plural, words } from '@/components/format';
import { PutAway } from '@/components/life/PutAway';
import { MoreButton } from '@/components/MoreButton';
import { runTitle } from '@/components/runTitle';
import { StateLabel } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';
import classes from './RunTable.module.css';
import { NoRuns } from './NoRuns';
import { shortStanding } from './queue';
import { comparisonOf, MOST_RUNS } from './view';
import { isActive, isMoving, isWaiting, wordsOf } from './words';

const REFRESH_MS = 4_000;

type Props = {
  lab: string;
  /** Only those on this dataset version. */
  version?: string;
  /** Only those made from this recipe. */
  recipe?: string;
  /** Also those that were put away. */
  archived?: boolean;
};

/** The lab's runs, or some of them; those that move are asked again every few seconds. */
export function RunTable({ lab, version, recipe, archived = false }: Props) {
  const [chosen, choose] = useState<string[]>([]);
  const some = { ...(version === undefined ? {} : { version }), ...(recipe === undefined ? {} : { recipe }) };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/runs/',
    { params: { query: { lab, ...some, archived: archived ? 'all' : 'no', limit: 20 } } },
    {
      initialPageParam: null,
      getNextPageParam: (page) => cursorOf(page.next),
      refetchInterval: (query) =>
        query.state.data?.pages.some((page) => page.results.some((run) => isMoving(run.state))) === true
          ? REFRESH_MS
          : false,
    },
  );
  if (data === undefined) return error === null ? <Waiting /> : <Fault error={error} onRetry={() => void refetch()} />;
  const runs = data.pages.flatMap((page) => page.results);
  const ticked = runs.filter((run) => chosen.includes(run.id)).map((run) => run.id);
  const tick = (id: string) => choose(ticked.includes(id) ? ticked.filter((one) => one !== id) : [...ticked, id]);
  if (runs.length === 0) return <NoRuns lab={lab} version={version} recipe={recipe} />;
  return (
    <>
      <TableScroll label="Runs" minWidth={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Td w={36} />
            <Table.Th>Run</Table.Th>
            <Table.Th>State</Table.Th>
            {version === undefined && <Table.Th>Dataset</Table.Th>}
            <Table.Th>Recipe</Table.Th>
            <Table.Th>Started</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <RunRow
              key={run.id}
              run={run}
              withDataset={version === undefined}
              isTicked={ticked.includes(run.id)}
              onTick={() => tick(run.id)}
            />
          ))}
        </Table.Tbody>
      </TableScroll>
      {ticked.length > 0 && <CompareBar ids={ticked} onClear={() => choose([])} />}
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </>
  );
}

const NOWRAP = { whiteSpace: 'nowrap' } as const;

/** What is done with the runs that are ticked. */
function CompareBar({ ids, onClear }: { ids: string[]; onClear: () => void }) {
  const hint =
    ids.length < 2 ? 'Tick another one to compare them.' : ids.length > MOST_RUNS && `At most ${MOST_RUNS} compare.`;
  return (
    <Group gap="sm" mt="sm" role="status">
      <Text size="sm">{plural(ids.length, 'run')} ticked.</Text>
      {hint === false ? (
        <Button size="xs" component={Link} to={comparisonOf(ids)}>
          Compare
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          {hint}
        </Text>
      )}
      <Button size="xs" variant="subtle" onClick={onClear}>
        Untick
      </Button>
    </Group>
  );
}

type RowProps = { run: Schemas['RunListItem']; withDataset: boolean; isTicked: boolean; onTick: () => void };

function RunRow({ run, withDataset, isTicked, onTick }: RowProps) {
  const { label, tone } = wordsOf(run.state);
  return (
    <Table.Tr>
      <Table.Td>
        <Checkbox size="xs" aria-label={`Tick ${runTitle(run)} to compare it`} checked={isTicked} onChange={onTick} />
      </Table.Td>
      <Table.Td miw={170}>
        <Anchor component={Link} to={`/runs/${run.id}`} fw={500} size="sm">
          {runTitle(run)}
        </Anchor>
        <PutAway thing={{ noun: 'run', id: run.id, name: runTitle(run), archived_at: run.archived_at }} />
      </Table.Td>
      <Table.Td>
        <StateLabel tone={tone}>{label}</StateLabel>
        <RunProgress run={run} />
        {isWaiting(run.state) && (
          <Text size="xs" c="dimmed" className="numbers">
            {shortStanding(run)}
          </Text>
        )}
      </Table.Td>
      {withDataset && (
        <Table.Td miw={150}>
          <Anchor component={Link} to={`/datasets/${run.dataset}/${run.version_number}`} size="sm">
            {run.dataset_name}, version {run.version_number}
          </Anchor>
        </Table.Td>
      )}
      <Table.Td style={NOWRAP}>
        {run.model}, {words(run.sampler)}
      </Table.Td>
      <Table.Td style={NOWRAP}>{ago(run.created_at)}</Table.Td>
    </Table.Tr>
  );
}

function RunProgress({ run }: { run: Schemas['RunListItem'] }) {
  if (!isActive(run.state) || run.num_steps === 0) return null;
  const left = run.eta_s === null ? '' : `, ${duration(run.eta_s)} left`;
  return (
    <div className={classes.progress}>
      <Progress size="sm" value={100 * run.stage_progress} aria-label={`Progress of ${runTitle(run)}`} />
      <Text size="xs" c="dimmed" className="numbers">
        {run.state === 'training'
          ? `step ${count(run.step)} of ${count(run.num_steps)}${left}`
          : `${Math.floor(100 * run.stage_progress)} %${left}`}
      </Text>
    </div>
  );
}

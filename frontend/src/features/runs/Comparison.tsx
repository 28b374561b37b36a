import { Anchor, Group, Stack, Table, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { Fault } from '@/components/Fault';
import { measured, words } from '@/components/format';
import { LETTERS } from '@/components/inks';
import { Panel } from '@/components/Page';
import { runTitle } from '@/components/runTitle';
import { StateLabel } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';
import { differences, metricsOf, NOTHING } from './differences';
import { useLiveRun } from './live';
import { wordsOf } from './words';

type Run = Schemas['Run'];

/** Runs by their ids, with their curves; each stays right by itself where a `Followed` of it is shown. */
export function useRuns(ids: string[]) {
  const queries = ids.map((id) => ({ params: { path: { id } } }));
  const runs = useQueries({ queries: queries.map((init) => api.queryOptions('get', '/api/v1/runs/{id}/', init)) });
  const curves = useQueries({
    queries: queries.map((init) => api.queryOptions('get', '/api/v1/runs/{id}/scalars/', init)),
  });
  const known = runs.flatMap(({ data: run }, place) => {
    const values = curves[place]?.data;
    return run === undefined || values === undefined ? [] : [{ run, curves: values }];
  });
  const faults = ids.flatMap((id, place) => {
    const error = runs[place]?.error ?? curves[place]?.error ?? null;
    return error === null ? [] : [{ id, error }];
  });
  return { known, faults };
}

/** Keeps what is shown of a run right; shows nothing itself. */
export function Followed({ id }: { id: string }) {
  useLiveRun(id);
  return null;
}

/** What differs in the recipes of some runs, and what each was measured by last. */
export function Comparison({ runs }: { runs: Run[] }) {
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const settings = differences(runs);
  const metrics = metricsOf(runs);
  const isOneVersion = new Set(runs.map((run) => run.version)).size === 1;
  const titleOf = (key: string) => {
    const name = key.slice(key.indexOf('/') + 1);
    const title = catalogue?.metrics.find((metric) => metric.name === name)?.card.title ?? words(name);
    return key === name ? title : `${title} (${key.slice(0, key.indexOf('/'))})`;
  };
  return (
    <Panel title="Differences">
      <Stack gap="xs">
        <TableScroll label="Differences of the runs" minWidth={220 + 160 * runs.length}>
          <Table.Thead>
            <Table.Tr>
              <Table.Td />
              {runs.map((run, place) => (
                <Table.Th key={run.id} scope="col">
                  <RunName run={run} letter={LETTERS[place] ?? ''} />
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {settings.map(({ name, values }) => (
              <Values key={name} name={name} values={values} />
            ))}
            {settings.length === 0 && (
              <Table.Tr>
                <Table.Td colSpan={runs.length + 1} c="dimmed">
                  No setting differs: the same recipe, on the same dataset version.
                </Table.Td>
              </Table.Tr>
            )}
          </Table.Tbody>
          {metrics.length > 0 && (
            <Table.Tbody>
              <Table.Tr>
                <Table.Th colSpan={runs.length + 1} scope="rowgroup" pt="md">
                  Measured last
                </Table.Th>
              </Table.Tr>
              {metrics.map((key) => (
                <Values key={key} name={titleOf(key)} values={runs.map((run) => lastValue(run, key))} />
              ))}
            </Table.Tbody>
          )}
        </TableScroll>
        {metrics.length > 0 && !isOneVersion && (
          <Text size="xs" c="var(--warn)">
            The runs are on different dataset versions: values that the in-domain encoder of one version measured do not
            compare with those of another.
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

function RunName({ run, letter }: { run: Run; letter: string }) {
  const { label, tone } = wordsOf(run.state);
  return (
    <Stack gap={2}>
      <Group gap={6} wrap="nowrap">
        <Text span fw={700}>
          {letter}
        </Text>
        <Anchor component={Link} to={`/runs/${run.id}`} size="sm" fw={500}>
          {runTitle(run)}
        </Anchor>
      </Group>
      <StateLabel tone={tone}>{label}</StateLabel>
    </Stack>
  );
}

function Values({ name, values }: { name: string; values: string[] }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        {name}
      </Table.Th>
      {values.map((value, place) => (
        <Table.Td key={place} className="numbers">
          {value}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

function lastValue(run: Run, key: string): string {
  const value = run.metrics[key]?.value ?? null;
  return value === null ? NOTHING : measured(value);
}

/** Runs that could not be read, each with the reason and the way to leave it out. */
export function Unread({ faults }: { faults: { id: string; error: unknown }[] }) {
  return faults.map(({ id, error }) => <Fault key={id} error={error} title={`The run ${id} is not compared`} />);
}

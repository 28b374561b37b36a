import { Anchor, Button, Group, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { sessionOptions } from '@/api/session';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { coarse, duration, plural } from '@/components/format';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { runTitle } from '@/components/runTitle';
import { StateLabel } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';
import { shortStanding } from './queue';
import { wordsOf } from './words';

const REFRESH_MS = 5_000;
type Entry = Schemas['QueueEntry'];

/** Everything that the service computes or is to compute; of other labs' runs, only that they are there. */
export function QueuePage() {
  const { data, error, refetch } = api.useQuery('get', '/api/v1/runs/queue/', {}, { refetchInterval: REFRESH_MS });
  return (
    <Page>
      <PageHead title="Queue" crumbs={[{ label: 'Home', to: '/' }]} summary={data && <Rules queue={data} />} />
      <Panel title="Runs">
        {data === undefined ? (
          error === null ? (
            <Waiting lines={4} />
          ) : (
            <Fault error={error} onRetry={() => void refetch()} />
          )
        ) : data.results.length === 0 ? (
          <Empty
            title="Nothing is at work and nothing waits"
            action={
              <Button component={Link} to="/" variant="default">
                Choose a dataset
              </Button>
            }
          >
            A run that is started now begins at once: open a dataset and press “New run”.
          </Empty>
        ) : (
          <QueueTable entries={data.results} />
        )}
      </Panel>
    </Page>
  );
}

/** How many there are, and by which rules they start. */
function Rules({ queue }: { queue: Schemas['Queue'] }) {
  const waiting = queue.results.filter((entry) => entry.position !== null).length;
  const limits = [
    queue.at_work_per_person > 0 && `at most ${queue.at_work_per_person} at work`,
    queue.waiting_per_person > 0 && `${queue.waiting_per_person} waiting`,
  ].filter(Boolean);
  return (
    <span>
      {plural(queue.results.length - waiting, 'run')} at work, {waiting} waiting. People take turns
      {limits.length > 0 && `; each may have ${limits.join(' and ')}`}.
    </span>
  );
}

function QueueTable({ entries }: { entries: Entry[] }) {
  return (
    <TableScroll label="Queue" minWidth={560}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Run</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Started by</Table.Th>
          <Table.Th>Takes</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {entries.map((entry, place) => (
          <Row key={entry.run?.id ?? place} entry={entry} />
        ))}
      </Table.Tbody>
    </TableScroll>
  );
}

function Row({ entry }: { entry: Entry }) {
  const { data: session } = useQuery(sessionOptions);
  const { label, tone } = wordsOf(entry.state);
  const { run } = entry;
  const lab = session?.labs.find((one) => one.id === run?.lab)?.name;
  return (
    <Table.Tr>
      <Table.Td>
        {run === null ? (
          <Text size="sm" c="dimmed">
            A run of another lab
          </Text>
        ) : (
          <Stack gap={0}>
            <Anchor component={Link} to={`/runs/${run.id}`} fw={500} size="sm">
              {runTitle(run)}
            </Anchor>
            <Text size="xs" c="dimmed">
              {run.dataset_name}, version {run.version_number}
              {lab !== undefined && (session?.labs.length ?? 0) > 1 && `; ${lab}`}
            </Text>
          </Stack>
        )}
      </Table.Td>
      <Table.Td>
        <StateLabel tone={tone}>{label}</StateLabel>
        {entry.position !== null && (
          <Text size="xs" c="dimmed">
            {shortStanding({ ...entry, queue_position: entry.position })}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap="xs">{entry.is_own ? 'you' : (run?.created_by ?? '–')}</Group>
      </Table.Td>
      <Table.Td className="numbers">{howLong(entry)}</Table.Td>
    </Table.Tr>
  );
}

function howLong({ left_s, position }: Entry): string {
  if (left_s === null) return 'not known yet';
  return `about ${duration(coarse(left_s))}${position === null ? ' more' : ''}`;
}

import { Anchor, Progress, Stack, Table, Text } from '@mantine/core';
import { Link } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { ago, bytes, moment, plural, sentence } from '@/components/format';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { StateLabel } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';

const LOOK_AGAIN_MS = 5_000;
type Worker = Schemas['Worker'];
type Device = Schemas['Device'];

/** For the staff of the server: every worker with its machine, its GPUs and what it does, and what waits. */
export function WorkersPage() {
  const { data, error, refetch } = api.useQuery('get', '/api/v1/workers/', {}, { refetchInterval: LOOK_AGAIN_MS });
  return (
    <Page>
      <PageHead
        title="Workers"
        crumbs={[{ label: 'Everybody on this server', to: '/server' }]}
        summary="Who computes for the service, on whatever machine. Each says every ten seconds that it is there."
      />
      <Columns
        main={
          <Panel title="Workers">
            {error !== null && <Fault error={error} onRetry={() => void refetch()} />}
            {data === undefined && error === null && <Waiting lines={4} />}
            {data !== undefined && <WorkerTable workers={data.workers} />}
          </Panel>
        }
        aside={data !== undefined && <Queues queues={data.queues} />}
      />
    </Page>
  );
}

function WorkerTable({ workers }: { workers: Worker[] }) {
  if (workers.length === 0)
    return (
      <Empty title="Nobody works">Everything waits until a worker starts: manage.py up, or work on its machine.</Empty>
    );
  return (
    <TableScroll label="Workers" minWidth={720}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Worker</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Works on</Table.Th>
          <Table.Th>Memory and GPUs</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {workers.map((worker) => (
          <WorkerRow key={worker.name} worker={worker} />
        ))}
      </Table.Tbody>
    </TableScroll>
  );
}

function WorkerRow({ worker }: { worker: Worker }) {
  const { host, pid, queues, is_here, seen_at, started_at, works_on } = worker;
  return (
    <Table.Tr style={{ verticalAlign: 'top' }}>
      <Table.Td miw={140}>
        <Text size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {host}
        </Text>
        <Text size="xs" c="dimmed">
          {queues.join(', ')}; process {pid}, since {moment(started_at)}
        </Text>
      </Table.Td>
      <Table.Td miw={120}>
        <StateLabel tone={is_here ? (works_on.length > 0 ? 'active' : 'good') : 'bad'}>
          {is_here ? (works_on.length > 0 ? 'At work' : 'Free') : 'Silent'}
        </StateLabel>
        <Text size="xs" c="dimmed">
          seen {ago(seen_at)}
        </Text>
      </Table.Td>
      <Table.Td miw={180}>
        {works_on.length === 0 ? '–' : works_on.map((piece, place) => <Piece key={piece.id ?? place} piece={piece} />)}
      </Table.Td>
      <Table.Td miw={200}>
        <Machine worker={worker} />
      </Table.Td>
    </Table.Tr>
  );
}

function Piece({ piece: { noun, id, name, lab, state, started_at } }: { piece: Schemas['Piece'] }) {
  return (
    <div>
      {(noun === 'run' || noun === 'study') && id !== null ? (
        <Anchor component={Link} to={noun === 'run' ? `/runs/${id}` : `/studies/${id}`} size="sm" fw={500}>
          {name}
        </Anchor>
      ) : (
        <Text size="sm">{name ?? `${sentence(noun)} of another lab`}</Text>
      )}
      <Text size="xs" c="dimmed">
        {sentence(state)}, {lab}
        {started_at !== null && `; begun ${ago(started_at)}`}
      </Text>
    </div>
  );
}

function Machine({ worker: { cores, memory_bytes, free_bytes, devices, queues } }: { worker: Worker }) {
  return (
    <Stack gap={6}>
      <Taken
        label={`Machine, ${plural(cores, 'core')}`}
        used={memory_bytes - free_bytes}
        total={memory_bytes}
        note={null}
      />
      {devices?.map((device, place) => (
        <Gpu key={place} device={device} />
      ))}
      {queues.includes('compute') && (devices === null || devices.length === 0) && (
        <Text size="xs" c="dimmed">
          {devices === null ? 'Its GPUs could not be asked (nvidia-smi).' : 'No GPU; trains on the CPU.'}
        </Text>
      )}
    </Stack>
  );
}

function Gpu({ device: { name, memory_bytes, used_bytes, busy } }: { device: Device }) {
  const note = busy === null ? null : `${busy} % busy`;
  if (memory_bytes === null || used_bytes === null)
    return <Text size="xs">{[name, note].filter((part) => part !== null).join(', ')}; its memory is not told.</Text>;
  return <Taken label={name} used={used_bytes} total={memory_bytes} note={note} />;
}

type TakenProps = { label: string; used: number; total: number; note: string | null };

function Taken({ label, used, total, note }: TakenProps) {
  const share = total > 0 ? (100 * used) / total : 0;
  return (
    <div>
      <Text size="xs" className="numbers">
        {label}: {bytes(used)} of {bytes(total)}
        {note !== null && `, ${note}`}
      </Text>
      <Progress
        mt={2}
        size="sm"
        value={share}
        color={share > 90 ? 'red.8' : undefined}
        aria-label={`${label}, taken`}
      />
    </div>
  );
}

function Queues({ queues }: { queues: Schemas['WorkQueue'][] }) {
  return (
    <Panel title="Queues">
      <Stack gap="sm">
        {queues.map(({ name, waiting, num_workers }) => (
          <div key={name}>
            <Text size="sm">
              <b>{name}</b>: {waiting} waiting, {plural(num_workers, 'worker')}
            </Text>
            <Text size="xs" c={num_workers === 0 ? 'red' : 'dimmed'}>
              {num_workers === 0 ? 'Nobody serves it; what waits there waits on.' : SERVES[name]}
            </Text>
          </div>
        ))}
        <Anchor component={Link} to="/queue" size="sm">
          Whose run is next
        </Anchor>
      </Stack>
    </Panel>
  );
}

const SERVES: Record<string, string> = {
  compute: 'Runs: training and making images.',
  io: 'Reading datasets, further selections, exports, webhooks.',
};

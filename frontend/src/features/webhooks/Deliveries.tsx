import { Button, Code, Modal, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { api, cursorOf, type Schemas } from '@/api/client';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { moment } from '@/components/format';
import { MoreButton } from '@/components/MoreButton';
import { Panel } from '@/components/Page';
import { StateLabel, type Tone } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';
import { LIST } from './paths';
import { useTest } from './useTest';

type Delivery = Schemas['Delivery'];

const LOOK_AGAIN_MS = 2_000;
const TONES: Record<Delivery['state'], Tone> = { waiting: 'waiting', delivered: 'good', failed: 'bad' };
const EVENTS: Record<string, string> = {
  'run.ended': 'Run ended',
  'study.ended': 'Study ended',
  'webhook.tested': 'Test',
};

/** What was sent, or waits to be, and how the other side answered. */
export function Deliveries({ lab }: { lab: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    LIST,
    { params: { path: { id: lab }, query: { limit: 20 } } },
    {
      initialPageParam: null,
      getNextPageParam: (page) => cursorOf(page.next),
      refetchInterval: ({ state }) =>
        state.data?.pages.some((page) => page.results.some(isOnItsWay)) === true ? LOOK_AGAIN_MS : false,
    },
  );
  const test = useTest(lab);
  const [shown, setShown] = useState<Delivery | null>(null);
  const deliveries = data?.pages.flatMap((page) => page.results);
  return (
    <Panel title="Last deliveries">
      {error !== null && <Fault error={error} onRetry={() => void refetch()} />}
      {deliveries === undefined && error === null && <Waiting />}
      {deliveries?.length === 0 && (
        <Empty
          title="Nothing was sent yet"
          action={
            <>
              <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
                Send a first test
              </Button>
              <Fault error={test.error} />
            </>
          }
        >
          A test shows whether the other side is reached. After it, each run that ends sends something.
        </Empty>
      )}
      {deliveries !== undefined && deliveries.length > 0 && (
        <TableScroll label="Last deliveries" minWidth={600}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>When</Table.Th>
              <Table.Th>What</Table.Th>
              <Table.Th>State</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {deliveries.map((delivery) => (
              <DeliveryRow key={delivery.id} delivery={delivery} onShow={() => setShown(delivery)} />
            ))}
          </Table.Tbody>
        </TableScroll>
      )}
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      <Modal opened={shown !== null} onClose={() => setShown(null)} title="Body as it is sent" size="lg">
        {shown !== null && (
          <Code block tabIndex={0}>
            {JSON.stringify(JSON.parse(shown.body), null, 2)}
          </Code>
        )}
      </Modal>
    </Panel>
  );
}

function DeliveryRow({ delivery, onShow }: { delivery: Delivery; onShow: () => void }) {
  const { created_at, event, subject, state, answer } = delivery;
  return (
    <Table.Tr style={{ verticalAlign: 'top' }}>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>{moment(created_at)}</Table.Td>
      <Table.Td miw={180}>
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          <b>{EVENTS[event] ?? event}</b> {subject}
        </Text>
        <Button size="compact-xs" variant="subtle" px={0} onClick={onShow}>
          Body
        </Button>
      </Table.Td>
      <Table.Td miw={220}>
        <StateLabel tone={TONES[state]}>{stateWords(delivery)}</StateLabel>
        {answer !== '' && (
          <Text size="xs" c="dimmed" mt={2} style={{ overflowWrap: 'anywhere' }}>
            {answer}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function stateWords({ state, attempts, due_at }: Delivery): string {
  if (state === 'failed') return attempts > 1 ? `Given up after ${attempts} tries` : 'Failed';
  if (state === 'delivered') return attempts > 1 ? `Delivered at try ${attempts}` : 'Delivered';
  return attempts === 0 ? 'Is sent next' : `Tried again ${moment(due_at)}`;
}

/** Whether its state changes within moments; a later try is read when the page is opened again. */
function isOnItsWay({ state, due_at }: Delivery): boolean {
  return state === 'waiting' && new Date(due_at).getTime() < Date.now() + 70_000;
}

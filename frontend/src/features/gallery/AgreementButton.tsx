import { Button, Modal, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconUsers } from '@tabler/icons-react';
import { api, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { count, plural } from '@/components/format';
import { TableScroll } from '@/components/TableScroll';
import { kappaWords, percents } from './agreement';

type Props = {
  pool: string;
  /** Show what is disputed. */
  onDisputed: () => void;
};

/** How far the reviewers of the pool agree, and the way to what they do not agree on. */
export function AgreementButton({ pool, onDisputed }: Props) {
  const [opened, dialog] = useDisclosure();
  return (
    <>
      <Button variant="default" leftSection={<IconUsers size={16} />} onClick={dialog.open}>
        Agreement
      </Button>
      <Modal opened={opened} onClose={dialog.close} title="Agreement of reviewers" size="lg">
        <Pairs
          pool={pool}
          onDisputed={() => {
            dialog.close();
            onDisputed();
          }}
        />
      </Modal>
    </>
  );
}

function Pairs({ pool, onDisputed }: Props) {
  const agreement = api.useQuery('get', '/api/v1/pools/{id}/agreement/', { params: { path: { id: pool } } });
  if (agreement.data === undefined)
    return agreement.error === null ? (
      <Waiting lines={3} />
    ) : (
      <Fault error={agreement.error} onRetry={() => void agreement.refetch()} />
    );
  const { num_disputed, pairs } = agreement.data;
  if (pairs.length === 0)
    return <Text>No two people have judged the same sample yet. Agreement is told as soon as they have.</Text>;
  return (
    <Stack gap="sm">
      <Text>
        {num_disputed === 0
          ? 'Nothing is disputed: nobody rejects what somebody else accepts.'
          : `${plural(num_disputed, 'sample is', 'samples are')} disputed: somebody accepts what somebody else rejects.`}{' '}
        {num_disputed > 0 && (
          <Button size="compact-sm" variant="default" onClick={onDisputed}>
            Show what is disputed
          </Button>
        )}
      </Text>
      <TableScroll label="Agreement of each two reviewers" minWidth={520}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Reviewers</Table.Th>
            <Table.Th ta="right">Both judged</Table.Th>
            <Table.Th ta="right">Agree</Table.Th>
            <Table.Th>Cohen’s kappa</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {pairs.map((pair) => (
            <Pair key={`${pair.first} ${pair.second} ${pair.num_both}`} pair={pair} />
          ))}
        </Table.Tbody>
      </TableScroll>
      <Text size="xs" c="dimmed">
        A sample is accepted when more people accept than reject it, and undecided at a tie. Kappa is 1 at full
        agreement and 0 where two agree as often as by chance. In brackets 95 % intervals: Wilson’s for the share, and
        the same carried over to kappa with the agreement by chance held as it is.
      </Text>
    </Stack>
  );
}

function Pair({ pair }: { pair: Schemas['PairAgreement'] }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500}>
        {pair.first}, {pair.second}
      </Table.Th>
      <Table.Td ta="right">{count(pair.num_both)}</Table.Td>
      <Table.Td ta="right">{percents(pair.share, pair.share_low, pair.share_high)}</Table.Td>
      <Table.Td>{kappaWords(pair)}</Table.Td>
    </Table.Tr>
  );
}

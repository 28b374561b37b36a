import { Anchor, Table, Text, VisuallyHidden } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { LifeMenu } from '@/components/life/LifeMenu';
import { ago, bytes, sentence } from '@/components/format';
import { TableScroll } from '@/components/TableScroll';

const NOWRAP = { whiteSpace: 'nowrap' } as const;
const PAGES = { dataset: 'datasets', run: 'runs', export: 'runs', study: 'studies' } as const;

/** Datasets, runs, studies and exports by their size, each with what can be done about it. */
export function ThingTable({ things }: { things: Schemas['StoredThing'][] }) {
  return (
    <TableScroll label="What takes most" minWidth={560}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          <Table.Th>Kind</Table.Th>
          <Table.Th ta="right">Size</Table.Th>
          <Table.Th>Made</Table.Th>
          <Table.Th pos="relative">
            <VisuallyHidden>Acts</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {things.map((thing) => (
          <ThingRow key={thing.id} thing={thing} />
        ))}
      </Table.Tbody>
    </TableScroll>
  );
}

function ThingRow({ thing }: { thing: Schemas['StoredThing'] }) {
  return (
    <Table.Tr>
      <Table.Td miw={170}>
        {thing.target === null ? (
          <Text size="sm">{thing.name}</Text>
        ) : (
          <Anchor component={Link} to={pageOf(thing)} size="sm" fw={500}>
            {thing.name}
          </Anchor>
        )}
        {thing.archived_at !== null && (
          <Text size="xs" c="dimmed">
            archived
          </Text>
        )}
      </Table.Td>
      <Table.Td>{sentence(thing.noun)}</Table.Td>
      <Table.Td ta="right" style={NOWRAP}>
        {bytes(thing.size_bytes)}
      </Table.Td>
      <Table.Td style={NOWRAP}>
        {ago(thing.created_at)}
        {thing.created_by !== null && `, ${thing.created_by}`}
      </Table.Td>
      <Table.Td ta="right">
        <LifeMenu thing={thing} onDeleted={() => undefined} />
      </Table.Td>
    </Table.Tr>
  );
}

function pageOf({ noun, target }: Schemas['StoredThing']): string {
  const page = `/${PAGES[noun]}/${target ?? ''}`;
  return noun === 'export' ? `${page}/exports` : page;
}

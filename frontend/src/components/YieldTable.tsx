import { Table, Text } from '@mantine/core';
import { count, words } from './format';
import { TableScroll } from './TableScroll';

export type Yields = Record<
  string,
  { asked: number; generated: number; kept: number; dropped: Record<string, number> }
>;

type Props = {
  yields: Yields;
  /** Code of a reason for dropping -> one sentence. */
  reasons: Record<string, string>;
};

/** What became of each class: asked for, generated, kept, and the others by reason. */
export function YieldTable({ yields, reasons }: Props) {
  const rows = Object.entries(yields);
  const codes = [...new Set(rows.flatMap(([, row]) => Object.keys(row.dropped)))];
  const total = (pick: (row: Yields[string]) => number) => rows.reduce((sum, [, row]) => sum + pick(row), 0);
  return (
    <>
      <TableScroll label="Yield per class" minWidth={330 + 100 * codes.length} maxHeight={480}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Class</Table.Th>
            <Table.Th ta="right">Asked</Table.Th>
            <Table.Th ta="right">Generated</Table.Th>
            <Table.Th ta="right">Kept</Table.Th>
            {codes.map((code) => (
              <Table.Th key={code} ta="right" title={reasons[code]}>
                {words(code)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([name, row]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={500}>
                {name}
              </Table.Th>
              <Table.Td ta="right">{count(row.asked)}</Table.Td>
              <Table.Td ta="right">{count(row.generated)}</Table.Td>
              <Table.Td ta="right" fw={600}>
                {row.kept < row.asked ? <Short kept={row.kept} /> : count(row.kept)}
              </Table.Td>
              {codes.map((code) => (
                <Table.Td key={code} ta="right">
                  {count(row.dropped[code] ?? 0)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th>All</Table.Th>
            <Table.Th ta="right">{count(total((row) => row.asked))}</Table.Th>
            <Table.Th ta="right">{count(total((row) => row.generated))}</Table.Th>
            <Table.Th ta="right">{count(total((row) => row.kept))}</Table.Th>
            {codes.map((code) => (
              <Table.Th key={code} ta="right">
                {count(total((row) => row.dropped[code] ?? 0))}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Tfoot>
      </TableScroll>
      {codes.map((code) => (
        <Text key={code} size="xs" c="dimmed">
          <b>{words(code)}</b>: {reasons[code] ?? 'dropped by the sampler.'}
        </Text>
      ))}
    </>
  );
}

function Short({ kept }: { kept: number }) {
  return (
    <Text span inherit c="var(--warn)" title="Fewer than asked for">
      {count(kept)} (short)
    </Text>
  );
}

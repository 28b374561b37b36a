import { Table, Text } from '@mantine/core';
import { words } from '@/components/format';

/** Settings and their values, under a title. */
export function Facts({ title, rows }: { title: string; rows: [string, unknown][] }) {
  return (
    <div>
      <Text fw={600} mb={4}>
        {title}
      </Text>
      <Table verticalSpacing={2} horizontalSpacing={0} withRowBorders={false} fz="sm">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td c="dimmed" w="55%">
                {words(name)}
              </Table.Td>
              <Table.Td>{typeof value === 'string' ? words(value) : JSON.stringify(value)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

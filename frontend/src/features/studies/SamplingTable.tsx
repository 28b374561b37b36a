import { Table, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { words } from '@/components/format';
import { Panel } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';
import { armInWords, samplingTable } from './arms';
import { between, percent } from './figures';

/** Samplers beside amounts, as sampling studies are printed; shown where the arms make such a table. */
export function SamplingTable({ result }: { result: Schemas['StudyResult'] }) {
  const table = samplingTable(result.arms.map((arm) => arm.name));
  if (table === null) return null;
  const plain = result.arms.filter((arm) => !arm.is_synthetic);
  const cell = (name: string | null) => {
    const arm = result.arms.find((one) => one.name === name);
    return arm === undefined ? null : arm.accuracy;
  };
  return (
    <Panel title="Samplers and amounts">
      <TableScroll label="Accuracy by sampler and amount" minWidth={420}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Accuracy on test images, %</Table.Th>
            {table.amounts.map((amount) => (
              <Table.Th key={amount} ta="right">
                {amount}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {plain.map((arm) => (
            <Table.Tr key={arm.name}>
              <Table.Th scope="row" fw={500}>
                {armInWords(arm.name)}
              </Table.Th>
              <Cell estimate={arm.accuracy} colSpan={table.amounts.length} />
            </Table.Tr>
          ))}
          {table.rows.map(({ sampler, arms }) => (
            <Table.Tr key={sampler}>
              <Table.Th scope="row" fw={500}>
                {words(sampler)}
              </Table.Th>
              {arms.map((name, place) => (
                <Cell key={table.amounts[place]} estimate={cell(name)} />
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </TableScroll>
      <Text size="xs" c="dimmed" mt="xs">
        Amounts are multiples of the real training images. Arms without synthetic images have one value for all.
      </Text>
    </Panel>
  );
}

function Cell({ estimate, colSpan = 1 }: { estimate: Schemas['EstimateOfSeeds'] | null; colSpan?: number }) {
  return (
    <Table.Td ta={colSpan > 1 ? 'center' : 'right'} colSpan={colSpan}>
      {estimate === null ? '–' : percent(estimate.mean)}
      {estimate !== null && (
        <Text size="xs" c="dimmed" className="numbers">
          {between(estimate)}
        </Text>
      )}
    </Table.Td>
  );
}

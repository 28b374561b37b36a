import { Group, Select, Table } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Panel } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';
import { armInWords } from './arms';
import { percent, points } from './figures';

/** The share of each class's test images that two arms recognise: at first the two that the answer compares. */
export function ClassTable({ result: { arms, baseline, best } }: { result: Schemas['StudyResult'] }) {
  const [names, setNames] = useState([baseline, best ?? arms.find((arm) => arm.name !== baseline)?.name ?? baseline]);
  const [one, other] = names.map((name) => arms.find((arm) => arm.name === name));
  if (one === undefined || other === undefined) return null;
  const choices = arms.map(({ name }) => ({ value: name, label: armInWords(name) }));
  return (
    <Panel title="Per class">
      <Group gap="sm" mb="sm">
        {['Arm', 'Beside'].map((label, place) => (
          <Select
            key={label}
            label={label}
            data={choices}
            value={names[place] ?? null}
            onChange={(name) => name !== null && setNames(names.with(place, name))}
            allowDeselect={false}
            w={340}
            maw="100%"
          />
        ))}
      </Group>
      <TableScroll label="Recall per class" minWidth={420} maxHeight={480}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Class</Table.Th>
            <Table.Th ta="right">{armInWords(one.name)}, %</Table.Th>
            <Table.Th ta="right">{armInWords(other.name)}, %</Table.Th>
            <Table.Th ta="right">Difference, points</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(one.recall).map(([name, recall]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={500}>
                {name}
              </Table.Th>
              <Table.Td ta="right">{percent(recall)}</Table.Td>
              <Table.Td ta="right">{percent(other.recall[name] ?? 0)}</Table.Td>
              <Table.Td ta="right">{points((other.recall[name] ?? 0) - recall)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </TableScroll>
    </Panel>
  );
}

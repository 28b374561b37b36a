import { Table } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { plural } from '@/components/format';
import { TableScroll } from '@/components/TableScroll';
import classes from './TogetherTable.module.css';

/** More of the colour, and the figures on it could not be read well. */
const DEEPEST = 45;

/** How often two attributes occur together: row i, column j, of the images that have i the share that has j. */
export function TogetherTable({ attributes, images, matrix }: Schemas['AttributesTogether']) {
  return (
    <TableScroll
      label="Attributes that occur together"
      minWidth={120 + 36 * attributes.length}
      maxHeight={424}
      className={classes.table}
    >
      <Table.Thead>
        <Table.Tr>
          <Table.Td />
          {attributes.map((name) => (
            <Table.Th key={name} scope="col" title={name}>
              <span className={classes.upright}>{name}</span>
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {attributes.map((name, row) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" title={`${name}: ${plural(images[row] ?? 0, 'training image')}`}>
              <span className={classes.name}>{name}</span>
            </Table.Th>
            {attributes.map((other, column) => (
              <Cell key={other} of={name} other={other} share={matrix[row]?.[column] ?? null} />
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </TableScroll>
  );
}

function Cell({ of, other, share }: { of: string; other: string; share: number | null }) {
  const percent = share === null ? '–' : Math.round(100 * share);
  const title =
    share === null ? `No training image has ${of}` : `Of the images that have ${of}, ${percent} % have ${other}`;
  return (
    <Table.Td
      className={classes.cell}
      title={title}
      style={{ background: `color-mix(in srgb, var(--synthetic) ${DEEPEST * (share ?? 0)}%, transparent)` }}
    >
      {percent}
    </Table.Td>
  );
}

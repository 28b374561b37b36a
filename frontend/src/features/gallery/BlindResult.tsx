import { Group, Stack, Table, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { Panel } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';
import { percents } from './agreement';
import { pictureOf } from './BlindTrials';
import classes from './Gallery.module.css';

const SIDE = 72;

type Props = { test: Schemas['BlindTest']; result: Schemas['BlindResult'] };

/** How often a person was right, by class, and what they took for what. */
export function BlindResult({ test, result }: Props) {
  const { hit_rate, by_class, table, trials } = result;
  const wrong = trials.filter((trial) => trial.answer !== trial.truth);
  return (
    <Panel title={`Result of ${test.person}`}>
      <Stack gap="md">
        <div>
          <Text fz="xl" fw={600} role="status" className="numbers">
            {hit_rate.num_right} of {hit_rate.num_images} right: {percents(hit_rate.share, hit_rate.low, hit_rate.high)}
          </Text>
          <Text>{meaningOf(hit_rate)}</Text>
          <Text size="xs" c="dimmed">
            Synthetic images {test.selection === null ? 'of the whole pool' : `kept by selection ${test.selection}`}. In
            brackets Wilson’s 95 % interval.
          </Text>
        </div>
        <Group align="flex-start" gap="xl">
          <TableScroll label="What was taken for what" minWidth={300}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>It was</Table.Th>
                <Table.Th ta="right">taken for real</Table.Th>
                <Table.Th ta="right">for synthetic</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {(['real', 'synthetic'] as const).map((truth) => (
                <Table.Tr key={truth}>
                  <Table.Th scope="row" fw={500}>
                    {truth}
                  </Table.Th>
                  <Table.Td ta="right">{table[truth].real}</Table.Td>
                  <Table.Td ta="right">{table[truth].synthetic}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </TableScroll>
          <TableScroll label="Right answers by class" minWidth={320} maxHeight={320}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Class</Table.Th>
                <Table.Th ta="right">Images</Table.Th>
                <Table.Th ta="right">Right</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {Object.entries(by_class).map(([name, own]) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row" fw={500}>
                    {name}
                  </Table.Th>
                  <Table.Td ta="right">{own.num_images}</Table.Td>
                  <Table.Td ta="right">{percents(own.share, own.low, own.high)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </TableScroll>
        </Group>
        {wrong.length > 0 && (
          <div>
            <Text fw={500} mb={4}>
              Taken for the other
            </Text>
            <div className={classes.mistaken}>
              {wrong.map(({ place, truth, label }) => (
                <figure key={place}>
                  <img
                    className={classes.image}
                    src={pictureOf(test.id, place)}
                    width={SIDE}
                    height={SIDE}
                    alt={`Image ${place + 1}, ${label}, was ${truth}`}
                  />
                  <figcaption>was {truth}</figcaption>
                </figure>
              ))}
            </div>
          </div>
        )}
      </Stack>
    </Panel>
  );
}

/** What the hit rate says, by its interval. */
export function meaningOf({ low, high }: Pick<Schemas['HitRate'], 'low' | 'high'>): string {
  const half = '50 % is what guessing brings: whoever is right so often cannot tell real from synthetic.';
  if (low > 0.5) return `${half} Here the interval lies above it, so there is something to tell them apart by.`;
  if (high < 0.5)
    return `${half} Here the interval lies below it: they were told apart, but taken for each other more often than not.`;
  return `${half} Here the interval holds it, so nothing shows that they were told apart.`;
}

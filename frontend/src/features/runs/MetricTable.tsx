import { Button, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { api, type Schemas } from '@/api/client';
import { count, measured, words } from '@/components/format';
import { Panel } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';
import { bySpace, type Measured } from './metrics';
import classes from './MetricTable.module.css';

const ONE =
  'Measured by a small encoder that learnt your own training images, so the values compare runs on this dataset version, not with published figures.';
const TWO =
  'The in-domain encoder is small and learnt your own training images, so its values compare runs on this dataset version, not with published figures. Inception learnt ImageNet: it sees photographs well and other kinds of image poorly, and its values compare with published figures of as many images.';

/** With so few classes, as of two domains, each is shown unasked. */
const FEW_CLASSES = 2;

/** What was measured of the synthetic images: value, interval, on how many, and what to mind. */
export function MetricTable({ metrics }: { metrics: Record<string, Measured> }) {
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const spaces = bySpace(metrics);
  if (spaces.length === 0) return null;
  const cardOf = (name: string) => catalogue?.metrics.find((metric) => metric.name === name);
  return (
    <Panel title="Quality">
      <Stack gap="xs">
        <TableScroll label="Metrics of the synthetic images" minWidth={560}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Metric</Table.Th>
              <Table.Th ta="right">Value</Table.Th>
              <Table.Th>95 % interval</Table.Th>
              <Table.Th>Better</Table.Th>
              <Table.Th>On images (real, synthetic)</Table.Th>
            </Table.Tr>
          </Table.Thead>
          {spaces.map(({ space, rows }) => (
            <Table.Tbody key={space}>
              {spaces.length > 1 && (
                <Table.Tr>
                  <Table.Th colSpan={5} scope="rowgroup" fw={600} pt="md">
                    Features of {space}
                  </Table.Th>
                </Table.Tr>
              )}
              {rows.map(({ name, metric }) => (
                <MetricRow key={name} name={name} metric={metric} card={cardOf(name)} />
              ))}
            </Table.Tbody>
          ))}
        </TableScroll>
        <Text size="xs" c="dimmed">
          {spaces.length > 1 ? TWO : ONE} The test split is never looked at here.
        </Text>
      </Stack>
    </Panel>
  );
}

type RowProps = { name: string; metric: Measured; card: Schemas['MetricPlugin'] | undefined };

function MetricRow({ name, metric, card }: RowProps) {
  const { value, low, high, num_real, num_synthetic, parts, per_class, caution } = metric;
  const byClass = Object.entries(per_class);
  const [isOpen, { toggle }] = useDisclosure(byClass.length <= FEW_CLASSES);
  const title = card?.card.title ?? words(name);
  return (
    <>
      <Table.Tr>
        <Table.Th scope="row" fw={500} title={card?.card.summary}>
          {title}{' '}
          {byClass.length > 0 && (
            <Button
              size="compact-xs"
              variant="default"
              ml={4}
              aria-expanded={isOpen}
              aria-label={`${title} by class`}
              onClick={toggle}
            >
              By class
            </Button>
          )}
        </Table.Th>
        <Table.Td ta="right" fw={600}>
          {value === null ? '–' : measured(value)}
          {card !== undefined && card.unit !== '' && (
            <Text span inherit fw={400} c="dimmed">
              {' '}
              {card.unit}
            </Text>
          )}
        </Table.Td>
        <Table.Td>{low === null || high === null ? '–' : `${measured(low)} to ${measured(high)}`}</Table.Td>
        <Table.Td>{card?.better}</Table.Td>
        <Table.Td>
          {count(num_real)}, {count(num_synthetic)}
        </Table.Td>
      </Table.Tr>
      {Object.entries(parts).map(([part, own]) => (
        <Table.Tr key={part}>
          <Table.Th scope="row" fw={400} pl="xl" c="dimmed">
            {part}
          </Table.Th>
          <Table.Td ta="right">{measured(own.value)}</Table.Td>
          <Table.Td colSpan={3}>{`${measured(own.low)} to ${measured(own.high)}`}</Table.Td>
        </Table.Tr>
      ))}
      {isOpen &&
        byClass.map(([label, own]) => (
          <Table.Tr key={`class ${label}`}>
            <Table.Th scope="row" fw={400} pl="xl" c="dimmed">
              {label}
            </Table.Th>
            <Table.Td ta="right">{measured(own)}</Table.Td>
            <Table.Td colSpan={3} />
          </Table.Tr>
        ))}
      {caution !== '' && (
        <Table.Tr>
          <Table.Td colSpan={5} pt={0}>
            <Text size="xs" c="var(--warn)" className={classes.caution}>
              {caution}
            </Text>
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

import { Anchor, Button, Group, Popover, Table, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import type { Schemas } from '@/api/client';
import { count } from '@/components/format';
import classes from './Gallery.module.css';

type Props = { pool: Schemas['Pool']; selection: Schemas['Selection'] | undefined; onLabel: (label: string) => void };

/** How many samples are accepted and rejected, in all and, opened, class by class. */
export function ClassCounts({ pool, selection, onLabel }: Props) {
  const undecided = pool.num_samples - pool.num_accepted - pool.num_rejected;
  return (
    <Group gap="xs" wrap="nowrap">
      <Text fz={{ base: 'xs', sm: 'sm' }} role="status" className="numbers">
        {count(pool.num_accepted)} accepted, {count(pool.num_rejected)} rejected, {count(undecided)} undecided
      </Text>
      <Popover position="bottom-end" withArrow shadow="md">
        <Popover.Target>
          <Button
            size="compact-sm"
            variant="default"
            flex="none"
            rightSection={<IconChevronDown size={14} aria-hidden />}
          >
            By class
          </Button>
        </Popover.Target>
        <Popover.Dropdown className={classes.counts}>
          <Table verticalSpacing={3}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Class</Table.Th>
                <Table.Th ta="right">Candidates</Table.Th>
                <Table.Th ta="right">Kept</Table.Th>
                <Table.Th ta="right">Accepted</Table.Th>
                <Table.Th ta="right">Rejected</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pool.classes.map((name) => (
                <Table.Tr key={name}>
                  <Table.Td>
                    <Anchor component="button" size="sm" onClick={() => onLabel(name)}>
                      {name}
                    </Anchor>
                  </Table.Td>
                  <Table.Td ta="right">{count(pool.class_counts[name] ?? 0)}</Table.Td>
                  <Table.Td ta="right">{count(selection?.yields[name]?.kept ?? 0)}</Table.Td>
                  <Table.Td ta="right">{count(pool.standings[name]?.accepted ?? 0)}</Table.Td>
                  <Table.Td ta="right">{count(pool.standings[name]?.rejected ?? 0)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Popover.Dropdown>
      </Popover>
    </Group>
  );
}

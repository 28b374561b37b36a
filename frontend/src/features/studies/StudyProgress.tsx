import { Progress, Stack, Table, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { count, duration } from '@/components/format';
import { Panel, Stats } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';
import { armInWords } from './arms';
import { percent } from './figures';
import { sentenceFor } from './words';

/** Where the study is: first its generators, then its children, arm by arm; of attributes, its trainings. */
export function StudyProgress({ study }: { study: Schemas['Study'] }) {
  const { part, generator, num_generators, step, num_steps, num_done, num_children, eta_s, arms } = study.progress;
  const stats = [
    part === 'generators' && { label: 'Generator', value: `${generator} of ${num_generators}` },
    part === 'arts' && { label: 'Training', value: `${generator} of ${num_generators}` },
    part === 'arts' && { label: 'Measured', value: `${count(num_done)} of ${count(num_generators)}` },
    part !== 'children' && num_steps > 0 && { label: 'Step', value: `${count(step)} of ${count(num_steps)}` },
    num_children > 0 && { label: 'Child networks', value: `${count(num_done)} of ${count(num_children)}` },
    study.state === 'running' &&
      eta_s !== null &&
      eta_s > 0 && { label: part === 'arts' ? 'Left in this training' : 'Left in this part', value: duration(eta_s) },
  ].filter((stat) => stat !== false);
  return (
    <Panel title="Progress">
      <Stack gap="sm">
        <Text>{sentenceFor(study)}</Text>
        <Progress value={shareDone(study.progress)} aria-label="Progress of this part" />
        {stats.length > 0 && <Stats stats={stats} />}
        {arms.length > 0 && (
          <>
            <TableScroll label="Arms so far" minWidth={460}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Arm</Table.Th>
                  <Table.Th ta="right">Children trained</Table.Th>
                  <Table.Th ta="right">Balanced accuracy on validation images, %</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {arms.map((arm) => (
                  <Table.Tr key={arm.arm}>
                    <Table.Th scope="row" fw={500}>
                      {armInWords(arm.arm)}
                    </Table.Th>
                    <Table.Td ta="right">{count(arm.num_done)}</Table.Td>
                    <Table.Td ta="right">{percent(arm.val_balanced_accuracy)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </TableScroll>
            <Text size="xs" c="dimmed">
              Test images are read once, when every child is trained; nothing here decides the answer.
            </Text>
          </>
        )}
      </Stack>
    </Panel>
  );
}

function shareDone(progress: Schemas['StudyProgress']): number {
  const { part, step, num_steps, num_done, num_children, generator, num_generators } = progress;
  // Of arts, the whole: those that are behind it, and as much of the one at work.
  if (part === 'arts') {
    const atWork = num_done < generator && num_steps > 0 ? step / num_steps : 0;
    return (100 * (num_done + atWork)) / num_generators;
  }
  const [done, all] = part === 'children' ? [num_done, num_children] : [step, num_steps];
  return all === 0 ? 0 : (100 * done) / all;
}

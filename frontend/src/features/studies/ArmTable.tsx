import { Table, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { count, duration, measured, plural } from '@/components/format';
import { Panel } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';
import { armInWords } from './arms';
import { between, percent, points, worth } from './figures';

type Arm = Schemas['ArmResult'];

/** Every arm on the test images: accuracies with intervals, calibration, worth and cost. */
export function ArmTable({ result: { arms, baseline, best } }: { result: Schemas['StudyResult'] }) {
  const markOf = (name: string) => (name === baseline ? 'best without' : name === best ? 'best with' : null);
  return (
    <Panel title="Arms">
      <TableScroll label="Arms on the test images" minWidth={940}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Arm</Table.Th>
            <Table.Th ta="right">Balanced accuracy, %</Table.Th>
            <Table.Th ta="right">Accuracy, %</Table.Th>
            <Table.Th ta="right">Gain, points</Table.Th>
            <Table.Th ta="right">Real images</Table.Th>
            <Table.Th ta="right">GAN-test, %</Table.Th>
            <Table.Th ta="right" title="Expected calibration error, 15 bins; 0 is best">
              ECE
            </Table.Th>
            <Table.Th ta="right">Trained</Table.Th>
            <Table.Th ta="right">Time each</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {arms.map((arm) => (
            <ArmRow key={arm.name} arm={arm} mark={markOf(arm.name)} />
          ))}
        </Table.Tbody>
      </TableScroll>
      <Text size="xs" c="dimmed" mt="xs">
        Below each mean its 95 % interval over seeds. Gain: beyond the best arm without synthetic images, by validation.
        Real images: so many more or fewer of them would bring as much, read from the learning curve. GAN-test: the
        share of its synthetic images that children of real images label as intended; arms of synthetic images alone are
        its counterpart, GAN-train. Time: of one child network, on the machine that trained it.
      </Text>
    </Panel>
  );
}

function ArmRow({ arm, mark }: { arm: Arm; mark: string | null }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={mark === null ? 500 : 650} miw={190} title={arm.name}>
        {armInWords(arm.name)}
        {mark !== null && (
          <Text size="xs" c="dimmed" fw={400}>
            {mark}
          </Text>
        )}
      </Table.Th>
      <Estimate estimate={arm.balanced_accuracy} write={percent} />
      <Estimate estimate={arm.accuracy} write={percent} />
      {arm.gain === null ? <Table.Td ta="right">–</Table.Td> : <Estimate estimate={arm.gain} write={points} />}
      <Table.Td ta="right">{arm.equals_more_real === null ? '–' : worth(arm.equals_more_real)}</Table.Td>
      {arm.gan_test === null ? <Table.Td ta="right">–</Table.Td> : <Estimate estimate={arm.gan_test} write={percent} />}
      <Table.Td ta="right">{measured(arm.ece)}</Table.Td>
      <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
        {count(arm.num_children)}
        {arm.num_generators > 0 && (
          <Text size="xs" c="dimmed">
            of {plural(arm.num_generators, 'generator')}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right">
        {arm.duration_s < 10 ? `${arm.duration_s.toFixed(1)} s` : duration(arm.duration_s)}
      </Table.Td>
    </Table.Tr>
  );
}

function Estimate({ estimate, write }: { estimate: Schemas['EstimateOfSeeds']; write: (share: number) => string }) {
  return (
    <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
      {write(estimate.mean)}
      <Text size="xs" c="dimmed" className="numbers">
        {between(estimate, write)}
      </Text>
    </Table.Td>
  );
}

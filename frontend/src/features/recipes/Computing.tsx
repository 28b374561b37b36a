import { Accordion, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import type { Values } from '@/components/SettingsForm/fields';

type ComputingProps = {
  schema: unknown;
  values: Values;
  onChange: (values: Values) => void;
  faults: Record<string, string>;
};

/** How the run is computed, folded away: it says nothing of what is learnt. */
export function Computing({ schema, values, onChange, faults }: ComputingProps) {
  const changed = Object.keys(values).length;
  const faulty = Object.keys(faults).length > 0;
  const [opened, setOpened] = useState<string | null>(null);
  if (faulty && opened === null) setOpened('computing');
  return (
    <Accordion variant="contained" chevronPosition="left" value={opened} onChange={setOpened}>
      <Accordion.Item value="computing">
        <Accordion.Control>
          <Group justify="space-between" pr="sm">
            <Text fw={600}>Computing</Text>
            <Text size="xs" c={faulty ? 'var(--mantine-color-error)' : 'dimmed'}>
              {changed === 0 ? 'memory and devices' : `${changed} changed`}
            </Text>
          </Group>
        </Accordion.Control>
        <Accordion.Panel>
          <SettingsForm schema={schema} values={values} onChange={onChange} faults={faults} />
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

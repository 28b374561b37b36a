import { Button, Group, Modal, NumberInput, SimpleGrid, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { count } from '@/components/format';

const FACTOR = 20;

type Props = {
  pool: Schemas['Pool'];
  opened: boolean;
  isPending: boolean;
  onClose: () => void;
  onBegin: (body: Schemas['NewTargetRequest']) => void;
};

/** How many more are needed of each class, and how far the service may go for them. */
export function TargetDialog({ pool, opened, isPending, onClose, onBegin }: Props) {
  const [wanted, setWanted] = useState<Record<string, number>>({});
  const [factor, setFactor] = useState<number | string>(FACTOR);
  const total = Object.values(wanted).reduce((sum, one) => sum + one, 0);
  const atMost = total * Number(factor);
  return (
    <Modal opened={opened} onClose={onClose} title="Accept until…" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onBegin({ wanted, factor: Number(factor) });
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            So many more accepted samples are needed. Whenever fewer are undecided than are missing, a further run draws
            candidates of the class with the run’s best checkpoint, trains nothing and keeps them all for you to judge.
          </Text>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
            {pool.classes.map((name) => (
              <NumberInput
                key={name}
                label={`More of ${name}`}
                size="xs"
                min={0}
                allowDecimal={false}
                allowNegative={false}
                value={wanted[name] ?? 0}
                onChange={(value) => setWanted({ ...wanted, [name]: Number(value) })}
              />
            ))}
          </SimpleGrid>
          <NumberInput
            label="Candidates drawn for each, at most"
            description={`When so many were drawn, it ends: ${count(atMost)} in all.`}
            min={1}
            max={200}
            allowDecimal={false}
            value={factor}
            onChange={setFactor}
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={total === 0} loading={isPending}>
              Begin
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

import { Button, Select, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { count, plural, words } from '@/components/format';
import { budgetSentence } from '@/components/recipe/budget';
import { StateLabel } from '@/components/StateLabel';
import { HALF } from './columns';
import { useLiveSelection } from './selection';
import { SelectionDialog } from './SelectionDialog';

type Selection = Schemas['Selection'];
type Props = {
  run: Schemas['Run'];
  pool: Schemas['Pool'];
  selection: Selection | undefined;
  onChoose: (id: string) => void;
};

/** Which selection is looked at, and the way to another one without training again. */
export function SelectionBar({ run, pool, selection, onChoose }: Props) {
  const { may } = useLab();
  const [opened, dialog] = useDisclosure();
  useLiveSelection(pool.id, selection);
  return (
    <>
      <Select
        aria-label="Selection"
        size="xs"
        w={{ base: HALF, sm: 220 }}
        allowDeselect={false}
        data={pool.selections.map((one) => ({
          value: one.id,
          label: `Selection ${one.number}: ${words(one.sampler)}`,
        }))}
        value={selection?.id ?? null}
        onChange={(id) => id !== null && onChoose(id)}
      />
      {may('researcher') && (
        <Button variant="default" size="xs" w={{ base: HALF, sm: 'auto' }} onClick={dialog.open}>
          Select again
        </Button>
      )}
      <SelectionDialog run={run} pool={pool} opened={opened} onClose={dialog.close} onMade={onChoose} />
    </>
  );
}

/** What the selection brought, in one line. */
export function SelectionFacts({ selection, pool }: { selection: Selection; pool: Schemas['Pool'] }) {
  if (selection.state === 'failed')
    return (
      <Text size="sm" c="var(--mantine-color-error)" role="alert">
        {selection.error?.message}
      </Text>
    );
  if (selection.state !== 'finished') return <StateLabel tone="active">Selecting</StateLabel>;
  return (
    <span className="numbers">
      Selection {selection.number} kept {count(selection.num_kept)} of {plural(pool.num_samples, 'candidate')};{' '}
      {budgetSentence(selection.budget)}, seed {selection.seed}.
    </span>
  );
}

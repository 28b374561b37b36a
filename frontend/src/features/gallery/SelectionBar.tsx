import { Button, Modal, Select, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { memo } from 'react';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { count, plural, words } from '@/components/format';
import { budgetSentence } from '@/components/recipe/budget';
import { saysAnything, SelectionReport } from '@/components/SelectionReport';
import { StateLabel } from '@/components/StateLabel';
import { HALF } from './columns';
import { useLiveSelection, useSelectionAct } from './selection';
import { SelectionDialog } from './SelectionDialog';

type Selection = Schemas['Selection'];
type Props = {
  run: Schemas['Run'];
  pool: Schemas['Pool'];
  selection: Selection | undefined;
  onChoose: (id: string) => void;
};

/** Which selection is looked at, and the way to another one without training again. */
export const SelectionBar = memo(function SelectionBar({ run, pool, selection, onChoose }: Props) {
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
      {selection !== undefined && saysAnything(selection.report) && <HowItChose selection={selection} />}
      <SelectionDialog run={run} pool={pool} opened={opened} onClose={dialog.close} onMade={onChoose} />
    </>
  );
});

function HowItChose({ selection }: { selection: Selection }) {
  const [opened, dialog] = useDisclosure();
  return (
    <>
      <Button variant="default" size="xs" w={{ base: HALF, sm: 'auto' }} onClick={dialog.open}>
        How it chose
      </Button>
      <Modal
        opened={opened}
        onClose={dialog.close}
        title={`How selection ${selection.number} chose, by ${words(selection.sampler)}`}
        size="lg"
      >
        <SelectionReport report={selection.report} />
      </Modal>
    </>
  );
}

/** What the selection brought, in one line. */
export function SelectionFacts({ selection, pool }: { selection: Selection; pool: Schemas['Pool'] }) {
  if (selection.state === 'failed')
    return (
      <Text component="span" size="sm" c="var(--mantine-color-error)" role="alert">
        {selection.error?.message} <SelectionActs selection={selection} />
      </Text>
    );
  if (selection.state === 'cancelled')
    return (
      <span>
        Selection {selection.number} was cancelled. <SelectionActs selection={selection} />
      </span>
    );
  if (selection.state !== 'finished')
    return (
      <span>
        <StateLabel tone="active">Selecting</StateLabel> <SelectionActs selection={selection} />{' '}
      </span>
    );
  return (
    <span className="numbers">
      Selection {selection.number} kept {count(selection.num_kept)} of {plural(pool.num_samples, 'candidate')};{' '}
      {budgetSentence(selection.budget)}, seed {selection.seed}.
    </span>
  );
}

const VERBS = { cancel: 'Cancel', retry: 'Make it again' } as const;

/** What a person can ask of a selection in its state. */
function SelectionActs({ selection }: { selection: Selection }) {
  const { may } = useLab();
  const act = useSelectionAct(selection);
  if (!may('researcher')) return null;
  return selection.actions.map((verb) => (
    <Button key={verb} size="compact-xs" variant="default" loading={act.isPending} onClick={() => act.mutate(verb)}>
      {VERBS[verb]}
    </Button>
  ));
}

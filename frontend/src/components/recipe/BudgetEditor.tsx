import { NumberInput, SegmentedControl, SimpleGrid, Stack, Text, useMatches } from '@mantine/core';
import type { Budget, BudgetKind } from './budget';
import classes from './BudgetEditor.module.css';

type Props = {
  budget: Budget;
  classNames: string[];
  /** Class -> real training images. */
  real: Record<string, number>;
  fault: string | undefined;
  onChange: (budget: Budget) => void;
};

const KINDS: { value: BudgetKind; label: string }[] = [
  { value: 'per_class', label: 'Same for each class' },
  { value: 'fill_to_largest', label: 'Fill to the largest' },
  { value: 'fill_to', label: 'Fill to a number' },
  { value: 'multiple', label: 'Multiple of the real' },
  { value: 'counts', label: 'A number per class' },
];

const MOST = 1_000_000;

/** How many synthetic images are wanted, in one of five ways. */
export function BudgetEditor({ budget, classNames, real, fault, onChange }: Props) {
  const orientation = useMatches<'vertical' | 'horizontal'>({ base: 'vertical', sm: 'horizontal' });
  const change = (kind: BudgetKind) => onChange(startOf(kind, classNames, real));
  return (
    <Stack gap="sm">
      <SegmentedControl
        size="xs"
        aria-label="Kind of budget"
        data={KINDS}
        value={budget.kind}
        onChange={(kind) => change(kind)}
        orientation={orientation}
        fullWidth={orientation === 'vertical'}
        style={{ alignSelf: orientation === 'vertical' ? 'stretch' : 'flex-start' }}
      />
      {budget.kind === 'per_class' && (
        <NumberInput
          label="Images per class"
          description="Synthetic images to keep of every class."
          min={1}
          max={MOST}
          allowDecimal={false}
          thousandSeparator=","
          value={budget.count}
          onChange={(value) => onChange({ kind: 'per_class', count: Number(value) })}
          maw={260}
        />
      )}
      {budget.kind === 'fill_to_largest' && (
        <Text size="sm" c="dimmed">
          Every class is filled up to the size of the largest one; that one gets none.
        </Text>
      )}
      {budget.kind === 'fill_to' && (
        <NumberInput
          label="Images per class, real and synthetic"
          description="A class that has as many real training images gets none."
          min={1}
          max={MOST}
          allowDecimal={false}
          thousandSeparator=","
          value={budget.count}
          onChange={(value) => onChange({ kind: 'fill_to', count: Number(value) })}
          maw={300}
        />
      )}
      {budget.kind === 'multiple' && (
        <NumberInput
          label="Synthetic images per real training image"
          description="1 doubles the training set; 5 makes it six times as large."
          min={0.01}
          max={1000}
          step={1}
          value={budget.factor}
          onChange={(value) => onChange({ kind: 'multiple', factor: Number(value) })}
          maw={300}
        />
      )}
      {budget.kind === 'counts' && (
        <SimpleGrid cols={{ base: 2, sm: 3, md: 4 }} spacing="xs" verticalSpacing="xs" className={classes.counts}>
          {classNames.map((name) => (
            <NumberInput
              key={name}
              label={name}
              labelProps={{ title: name }}
              classNames={{ label: classes.name ?? '' }}
              size="xs"
              min={0}
              max={MOST}
              allowDecimal={false}
              value={budget.counts[name] ?? 0}
              onChange={(value) => onChange({ kind: 'counts', counts: { ...budget.counts, [name]: Number(value) } })}
            />
          ))}
        </SimpleGrid>
      )}
      {fault !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {fault}
        </Text>
      )}
    </Stack>
  );
}

function startOf(kind: BudgetKind, classNames: string[], real: Record<string, number>): Budget {
  switch (kind) {
    case 'per_class':
      return { kind, count: 200 };
    case 'fill_to_largest':
      return { kind };
    case 'fill_to':
      return { kind, count: Math.max(1, ...Object.values(real)) };
    case 'multiple':
      return { kind, factor: 1 };
    case 'counts':
      return { kind, counts: Object.fromEntries(classNames.map((name) => [name, real[name] ?? 0])) };
  }
}

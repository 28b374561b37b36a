import { Button, Group, NumberInput, SegmentedControl, Stack, Text, useMatches } from '@mantine/core';
import { useCallback, useEffect, useRef } from 'react';
import { count } from '../format';
import { askedOf, doubled, MOST, type Budget, type BudgetKind } from './budget';
import { BudgetBars } from './BudgetBars';
import classes from './BudgetBars.module.css';

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

/** How many synthetic images are wanted: said in one of five ways, or set class by class on the bars. */
export function BudgetEditor({ budget, classNames, real, fault, onChange }: Props) {
  const orientation = useMatches<'vertical' | 'horizontal'>({ base: 'vertical', sm: 'horizontal' });
  const asked = askedOf(budget, classNames, real);
  const sum = Object.values(asked).reduce((all, one) => all + one, 0);
  const change = (kind: BudgetKind) => onChange(startOf(kind, real, asked));
  const latest = useRef({ asked, onChange });
  useEffect(() => {
    latest.current = { asked, onChange };
  });
  const set = useCallback((name: string, images: number) => {
    const { asked: before, onChange: tell } = latest.current;
    tell({ kind: 'counts', counts: { ...before, [name]: images } });
  }, []);
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
      <div>
        <Group justify="space-between" mb={6} gap="xs">
          <Legend sum={sum} />
          <Group gap="xs">
            <Button
              size="compact-sm"
              variant="default"
              disabled={sum === 0}
              title="Twice as many synthetic images of every class"
              onClick={() => onChange(doubled(budget, asked))}
            >
              ×2
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              disabled={sum === 0}
              title="No synthetic images of any class; then give some to those that need them"
              onClick={() => onChange({ kind: 'counts', counts: {} })}
            >
              Clear
            </Button>
          </Group>
        </Group>
        <BudgetBars classNames={classNames} real={real} asked={asked} onSet={set} />
      </div>
      {fault !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {fault}
        </Text>
      )}
    </Stack>
  );
}

function Legend({ sum }: { sum: number }) {
  return (
    <Group gap="md" c="dimmed" fz="xs">
      <span className={classes.legend}>
        <span className={`${classes.swatch ?? ''} ${classes.real ?? ''}`} aria-hidden />
        real (train)
      </span>
      <span className={classes.legend}>
        <span className={`${classes.swatch ?? ''} ${classes.synthetic ?? ''}`} aria-hidden />
        {count(sum)} synthetic
      </span>
    </Group>
  );
}

/** What a kind begins with; class by class, it begins with what was asked for before. */
function startOf(kind: BudgetKind, real: Record<string, number>, asked: Record<string, number>): Budget {
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
      return { kind, counts: asked };
  }
}

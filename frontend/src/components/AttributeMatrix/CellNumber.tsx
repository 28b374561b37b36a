import { Button, Group, NumberInput } from '@mantine/core';
import { useState } from 'react';
import { cellOfMap, NUMBER } from './focus';
import { shareFrom, shareWords } from './matrix';
import classes from './AttributeMatrix.module.css';

type Props = {
  of: string;
  other: string;
  /** No training image has `of`. */
  isNone: boolean;
  /** Each comes with itself. */
  isFixed: boolean;
  value: number;
  counted: number;
  onChange: (value: number) => void;
};

/** The number of the cell that is chosen, to be typed. */
export function CellNumber({ of, other, isNone, isFixed, value, counted, onChange }: Props) {
  // What is being typed, which is no number from 0 to 1 at times; null when nobody types.
  const [draft, setDraft] = useState<string | number | null>(null);
  const edit = (typed: string | number) => {
    setDraft(typed);
    const share = shareFrom(typed);
    if (share !== null && share !== value) onChange(share);
  };
  const isFaulty = draft !== null && shareFrom(draft) === null;
  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <NumberInput
        {...{ [NUMBER]: true }}
        label={`${of} → ${other}`}
        description={isFixed ? 'Always 1' : isNone ? `No training image has ${of}` : `Counted ${shareWords(counted)}`}
        error={isFaulty && 'A number from 0 to 1.'}
        value={draft ?? value}
        onChange={edit}
        onBlur={() => setDraft(null)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== 'Escape') return;
          event.preventDefault();
          cellOfMap(event.currentTarget)?.focus();
        }}
        min={0}
        max={1}
        step={0.05}
        decimalScale={4}
        clampBehavior="none"
        disabled={isFixed}
        classNames={{ root: classes.number ?? '' }}
      />
      <Button
        size="xs"
        variant="subtle"
        disabled={value === counted}
        onClick={() => {
          setDraft(null);
          onChange(counted);
        }}
      >
        Back to {shareWords(counted)}
      </Button>
    </Group>
  );
}

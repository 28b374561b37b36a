import { memo, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { count, plural } from '../format';
import { axisOf, MOST } from './budget';
import classes from './BudgetBars.module.css';

type Props = {
  classNames: string[];
  /** Class -> real training images. */
  real: Record<string, number>;
  /** Class -> synthetic images asked for. */
  asked: Record<string, number>;
  /** Must stay the same function, so that one bar that moves does not draw the others anew. */
  onSet: (name: string, asked: number) => void;
};

/** Real training images of each class, and the synthetic ones on top of them, to be dragged, stepped by keys or typed. */
export function BudgetBars({ classNames, real, asked, onSet }: Props) {
  const { end, step } = axisOf(Math.max(...classNames.map((name) => (real[name] ?? 0) + (asked[name] ?? 0))));
  return (
    <ul className={classes.list} aria-label="Budget by class">
      <li className={classes.head} aria-hidden>
        <span>Class</span>
        <span className={classes.ends}>
          <span>0</span>
          <span>{count(end)}</span>
        </span>
        <span className={classes.total}>Synthetic</span>
        <span className={classes.total}>In all</span>
      </li>
      {classNames.map((name) => (
        <BudgetRow
          key={name}
          name={name}
          real={real[name] ?? 0}
          asked={asked[name] ?? 0}
          end={end}
          step={step}
          onSet={onSet}
        />
      ))}
    </ul>
  );
}

type RowProps = {
  name: string;
  real: number;
  asked: number;
  end: number;
  step: number;
  onSet: (name: string, asked: number) => void;
};

const BudgetRow = memo(function BudgetRow({ name, real, asked, end, step, onSet }: RowProps) {
  // While a bar is held, only its own row knows: the axis stays, and a gesture that becomes a scroll changes nothing.
  const [held, setHeld] = useState<number | null>(null);
  const shown = held ?? asked;
  const set = (value: number) => onSet(name, Math.min(MOST, Math.max(0, value)));
  const width = (images: number) => `${Math.min(100, (100 * images) / end)}%`;
  return (
    <li className={classes.row}>
      <span className={classes.name} title={name}>
        {name}
      </span>
      <div
        className={classes.track}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setHeld(pointed(event, real, end, step));
        }}
        onPointerMove={(event) => held !== null && setHeld(pointed(event, real, end, step))}
        onPointerUp={() => {
          if (held !== null) set(held);
          setHeld(null);
        }}
        onPointerCancel={() => setHeld(null)}
      >
        <span className={classes.real} style={{ width: width(real) }} />
        <span className={classes.synthetic} style={{ width: width(shown) }} />
        <span
          className={classes.grip}
          role="slider"
          tabIndex={0}
          aria-label={name}
          aria-valuemin={0}
          aria-valuemax={Math.max(end - real, shown)}
          aria-valuenow={shown}
          aria-valuetext={`${plural(shown, 'synthetic image')} beside ${plural(real, 'real one')}`}
          onKeyDown={(event) => {
            const value = stepped(event, asked, step, end - real);
            if (value === null) return;
            event.preventDefault();
            set(value);
          }}
        />
      </div>
      {/* Not Mantine's: two hundred of those take a second to draw. */}
      <input
        className={classes.field}
        aria-label={`Synthetic images of ${name}`}
        inputMode="numeric"
        // Empty instead of 0, so that what is typed next is not put behind a 0.
        value={shown === 0 ? '' : shown}
        placeholder="0"
        onChange={(event) => set(Number(event.currentTarget.value.replaceAll(/\D/g, '')))}
      />
      <span className={classes.total}>{count(real + shown)}</span>
    </li>
  );
});

/** The synthetic images that a bar would ask for if it ended under the pointer, in whole steps. */
function pointed(event: PointerEvent, real: number, end: number, step: number): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  const images = end * Math.min(1, Math.max(0, (event.clientX - left) / width)) - real;
  return Math.max(0, step * Math.round(images / step));
}

/** What a key makes of a value, or null for a key that is not the slider's. */
function stepped(event: KeyboardEvent, value: number, step: number, most: number): number | null {
  switch (event.key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return value + step;
    case 'ArrowLeft':
    case 'ArrowDown':
      return value - step;
    case 'PageUp':
      return value + 10 * step;
    case 'PageDown':
      return value - 10 * step;
    case 'Home':
      return 0;
    case 'End':
      return most;
    default:
      return null;
  }
}

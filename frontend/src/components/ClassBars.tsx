import { Text } from '@mantine/core';
import { count } from './format';
import classes from './ClassBars.module.css';

/** Real images are grey, synthetic ones blue; the splits of real images differ in lightness and pattern. */
type Tone = 'train' | 'val' | 'test' | 'synthetic';

export type Part = {
  /** What this part is: a split, "real", "synthetic". */
  name: string;
  tone: Tone;
  /** Class -> number of images. */
  counts: Record<string, number>;
};

/** More classes than this scroll inside the chart. */
const MANY = 16;

type Props = {
  classNames: string[];
  /** Stacked in this order, from the left. */
  parts: Part[];
  chosen?: string | null;
  /** A click on a class; without it the bars are only looked at. */
  onChoose?: (name: string | null) => void;
  /** What the whole chart says, for people who do not see it. */
  label: string;
};

/** Images per class as stacked horizontal bars, with the figures written beside them. */
export function ClassBars({ classNames, parts, chosen = null, onChoose, label }: Props) {
  const total = (name: string) => parts.reduce((sum, part) => sum + (part.counts[name] ?? 0), 0);
  const largest = Math.max(1, ...classNames.map(total));
  return (
    <figure className={classes.figure} aria-label={label}>
      <Legend parts={parts} />
      <ul className={classes.list} tabIndex={classNames.length > MANY ? 0 : undefined} aria-label="Classes">
        {classNames.map((name) => (
          <li key={name}>
            <Row
              name={name}
              parts={parts}
              total={total(name)}
              largest={largest}
              chosen={chosen === name}
              onChoose={onChoose && (() => onChoose(chosen === name ? null : name))}
            />
          </li>
        ))}
      </ul>
    </figure>
  );
}

type RowProps = {
  name: string;
  parts: Part[];
  total: number;
  largest: number;
  chosen: boolean;
  onChoose?: (() => void) | undefined;
};

function Row({ name, parts, total, largest, chosen, onChoose }: RowProps) {
  const figures = parts.map((part) => `${count(part.counts[name] ?? 0)} ${part.name}`).join(', ');
  const bar = (
    <>
      <span className={classes.name} title={name}>
        {name}
      </span>
      <span className={classes.track} title={figures}>
        {parts.map((part) => (
          <span
            key={part.name}
            className={classes.part}
            data-tone={part.tone}
            style={{ width: `${(100 * (part.counts[name] ?? 0)) / largest}%` }}
          />
        ))}
      </span>
      <span className={classes.total}>{count(total)}</span>
    </>
  );
  if (onChoose === undefined) return <div className={classes.row}>{bar}</div>;
  return (
    <button
      type="button"
      className={classes.row}
      aria-pressed={chosen}
      aria-label={`${name}: ${figures}`}
      onClick={onChoose}
    >
      {bar}
    </button>
  );
}

function Legend({ parts }: { parts: Part[] }) {
  if (parts.length < 2) return null;
  return (
    <figcaption className={classes.legend}>
      {parts.map((part) => (
        <Text key={part.name} span size="xs" className={classes.entry}>
          <span className={classes.swatch} data-tone={part.tone} aria-hidden />
          {part.name}
        </Text>
      ))}
    </figcaption>
  );
}

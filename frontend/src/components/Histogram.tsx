import { count, plural } from './format';
import classes from './Histogram.module.css';

export type Bar = { low: number; high: number; images: number };
export type Range = readonly [number, number];

type Props = {
  bars: readonly Bar[];
  chosen: Range | null;
  onChoose: (range: Range | null) => void;
  /** What stands under a bar. */
  nameOf: (bar: Bar) => string;
  /** What the whole chart says, for people who do not see it. */
  label: string;
};

/** Images by a number, as upright bars; a press on one chooses its range. */
export function Histogram({ bars, chosen, onChoose, nameOf, label }: Props) {
  const largest = Math.max(1, ...bars.map((bar) => bar.images));
  return (
    <figure className={classes.figure} aria-label={label}>
      <ul className={classes.bars}>
        {bars.map((bar) => {
          const isChosen = chosen !== null && chosen[0] === bar.low && chosen[1] === bar.high;
          const said = `${nameOf(bar)}: ${plural(bar.images, 'image')}`;
          return (
            <li key={bar.low}>
              <button
                type="button"
                className={classes.bar}
                aria-pressed={isChosen}
                aria-label={said}
                title={said}
                disabled={bar.images === 0 && !isChosen}
                onClick={() => onChoose(isChosen ? null : [bar.low, bar.high])}
              >
                <span className={classes.track}>
                  <span className={classes.fill} style={{ height: `${(100 * bar.images) / largest}%` }} />
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      <div className={classes.scale} aria-hidden>
        <span>{bars[0] === undefined ? '' : nameOf(bars[0])}</span>
        <span>at most {count(largest)} in one bar</span>
        <span>{bars.length < 2 ? '' : nameOf(bars[bars.length - 1] as Bar)}</span>
      </div>
    </figure>
  );
}

import { measured, words } from '@/components/format';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

/** The sample's scores; those between 0 and 1 also as bars. */
export function ScoreBars({ sample }: { sample: Sample }) {
  return (
    <dl className={classes.scores}>
      {Object.entries(sample.scores).map(([name, value]) => (
        <div key={name}>
          <dt>{words(name)}</dt>
          <dd>
            <span className={classes.scoreTrack}>
              {isShare(name) && (
                <span className={classes.scoreFill} style={{ width: `${100 * Math.min(1, Math.max(0, value))}%` }} />
              )}
            </span>
            <span className="numbers">{measured(value)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Confidences are probabilities; distances and raw scores have no end to draw a bar against. */
function isShare(name: string): boolean {
  return name.endsWith('confidence');
}

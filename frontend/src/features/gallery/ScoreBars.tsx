import { measured, words } from '@/components/format';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

/** The sample's scores; those between 0 and 1 also as bars. `beside`: another sample, whose scores stand next to them. */
export function ScoreBars({ sample, beside }: { sample: Sample; beside?: Sample | undefined }) {
  return (
    <dl className={classes.scores} data-two={beside !== undefined || undefined}>
      {beside !== undefined && (
        <div>
          <dt>Score</dt>
          <dd>
            <span />
            <span>A</span>
            <span>B</span>
          </dd>
        </div>
      )}
      {Object.entries(sample.scores).map(([name, value]) => (
        <div key={name}>
          <dt>{words(name)}</dt>
          <dd>
            <span className={classes.scoreTrack}>
              {isShare(name) && (
                <span className={classes.scoreFill} style={{ width: `${100 * Math.min(1, Math.max(0, value))}%` }} />
              )}
            </span>
            {beside !== undefined && <span className="numbers">{valueOf(beside, name)}</span>}
            <span className="numbers">{measured(value)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function valueOf({ scores }: Sample, name: string): string {
  const value = scores[name];
  return value === undefined ? '–' : measured(value);
}

/** Confidences are probabilities; distances and raw scores have no end to draw a bar against. */
function isShare(name: string): boolean {
  return name.endsWith('confidence');
}

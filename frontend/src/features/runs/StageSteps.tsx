import { isActive, STAGES, type RunState, type Stage } from './words';
import classes from './StageSteps.module.css';

type Props = {
  state: RunState;
  /** Where the run is, or was when it ended. */
  stage: Stage | null;
  /** 0..1 within the stage. */
  progress: number;
};

/** The five stages in a row: done, at work (with how far), to come. */
export function StageSteps({ state, stage, progress }: Props) {
  const at = state === 'finished' ? STAGES.length : STAGES.findIndex((one) => one.name === stage);
  return (
    <ol className={classes.steps} aria-label="Stages">
      {STAGES.map((one, place) => {
        const standing = place < at ? 'done' : place === at ? 'now' : 'ahead';
        const share = standing === 'done' ? 1 : standing === 'now' ? progress : 0;
        return (
          <li
            key={one.name}
            className={classes.step}
            data-standing={standing}
            aria-current={standing === 'now' ? 'step' : undefined}
          >
            <span className={classes.label}>
              {one.label}
              <span className={classes.note}>
                {standing === 'done' ? 'done' : standing === 'now' ? shownShare(state, share) : ''}
              </span>
            </span>
            <span className={classes.track} data-unknown={standing === 'now' && share === 0 && isActive(state)}>
              <span className={classes.fill} style={{ width: `${100 * share}%` }} />
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** Some stages do not say how far they are until they are done. */
function shownShare(state: RunState, share: number): string {
  if (share > 0) return `${Math.floor(100 * share)} %`;
  return isActive(state) ? '…' : '';
}

import { Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { Panel } from '@/components/Page';
import { armInWords } from './arms';
import { between, points, reach } from './figures';
import classes from './GainPlot.module.css';
import { ANSWERS } from './words';

type Row = { name: string; gain: Schemas['Gain'] };

/** What each arm with synthetic images gains over the best one without, with its interval around zero. */
export function GainPlot({ result: { arms, baseline } }: { result: Schemas['StudyResult'] }) {
  const rows = arms.flatMap(({ name, gain }): Row[] => (gain === null ? [] : [{ name, gain }]));
  if (rows.length === 0) return null;
  const end = reach(rows.map((row) => row.gain));
  return (
    <Panel title="Gain from synthetic images">
      <ul className={classes.plot} aria-label="Gain of each arm in points of balanced accuracy">
        {rows.map((row) => (
          <GainRow key={row.name} row={row} end={end} />
        ))}
        <li className={classes.row} aria-hidden>
          <span className={classes.name} />
          <span className={classes.scale}>
            <span>{points(-end)}</span>
            <span>0</span>
            <span>{points(end)}</span>
          </span>
        </li>
      </ul>
      <Text size="xs" c="dimmed" mt="sm">
        Points of balanced accuracy on the test images beyond “{armInWords(baseline)}”, the mean and its 95 % interval;
        the same child seeds in both. Only the arm that validation images chose is the answer: the best of many by the
        test would look better than it is.
      </Text>
    </Panel>
  );
}

function GainRow({ row: { name, gain }, end }: { row: Row; end: number }) {
  const at = (value: number) => `${50 + (50 * value) / end}%`;
  const { mean, low, high, answer } = gain;
  return (
    <li className={classes.row} data-answer={answer}>
      <span className={classes.name} title={name}>
        {armInWords(name)}
      </span>
      <span className={classes.track} aria-hidden>
        <span className={classes.zero} />
        {low !== null && high !== null && (
          <span className={classes.interval} style={{ left: at(low), width: `${(50 * (high - low)) / end}%` }} />
        )}
        <span className={classes.mean} style={{ left: at(mean) }} />
      </span>
      <span className={classes.figures}>
        <b>{points(mean)}</b> {low !== null && <span>({between(gain, points)})</span>}
        {answer !== null && <Text size="xs">{ANSWERS[answer].label}</Text>}
      </span>
    </li>
  );
}

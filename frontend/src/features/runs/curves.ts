/** The values that a run logged, by step; kept sorted, each step once. */

import { LETTERS } from '@/components/inks';
import type { Line } from '@/components/smoothing';

export type Curves = { steps: number[]; values: Record<string, (number | null)[]> };
export type Point = { step: number; values: Record<string, number> };

/**
 * The curves with further points. A step that is there already (a resumed run computes it again; a socket may say a
 * thing twice) is overwritten, so adding the same points again changes nothing.
 */
export function withPoints(curves: Curves, points: Point[]): Curves {
  if (points.length === 0) return curves;
  const steps = [...curves.steps];
  const values = Object.fromEntries(Object.entries(curves.values).map(([path, line]) => [path, [...line]]));
  for (const point of points) {
    const place = placeOf(steps, point.step);
    if (steps[place] !== point.step) {
      steps.splice(place, 0, point.step);
      for (const line of Object.values(values)) line.splice(place, 0, null);
    }
    for (const [path, value] of Object.entries(point.values)) {
      const line = (values[path] ??= new Array<number | null>(steps.length).fill(null));
      line[place] = value;
    }
  }
  return { steps, values };
}

/** Where a step lies or belongs in rising steps; the end is looked at first, as points come in order. */
function placeOf(steps: number[], step: number): number {
  const last = steps.at(-1);
  if (last === undefined || step > last) return steps.length;
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a path is called where its last part says too little. */
const NAMES: Record<string, string> = {
  'health/overfitting': 'D overfits (0 not, 1 wholly)',
  'health/variety': 'variety of the classes (1 as real)',
  'health/least_variety': 'variety of the worst class',
};

export type Group = { title: string; steps: number[]; lines: Line[] };

/**
 * One chart per first part of the path: `loss/G` and `loss/D` share "loss". Metrics have a scale each, so each has a
 * chart. Losses and scores come first.
 */
export function groupsOf(curves: Curves): Group[] {
  return inOrder(Object.keys(curves.values).map(titleOf)).map((title) => groupOf(title, curves));
}

/** The charts of several runs, each with the lines of all; a step that a run did not log is a gap in its lines. */
export function together(runs: Curves[]): Group[] {
  const all = runs.map(groupsOf);
  return inOrder(all.flat().map(({ title }) => title)).map((title) => {
    const own = all.map((groups) => groups.find((group) => group.title === title));
    const steps = [...new Set(own.flatMap((group) => group?.steps ?? []))].sort((a, b) => a - b);
    return {
      title,
      steps,
      lines: own.flatMap((group, run) => (group === undefined ? [] : linesOf(group, run, steps))),
    };
  });
}

/** The lines of one of several runs over the steps of all of them. */
function linesOf(group: Group, run: number, steps: number[]): Line[] {
  const place = new Map(group.steps.map((step, at) => [step, at]));
  return group.lines.map(({ name, values }) => ({
    name: `${LETTERS[run] ?? ''}: ${name}`,
    run,
    values: steps.map((step) => values[place.get(step) ?? -1] ?? null),
  }));
}

function inOrder(titles: string[]): string[] {
  const order = ['loss', 'score', 'metric', 'health', 'penalty'];
  const rank = (title: string) => {
    const place = order.indexOf(title.split('/')[0] ?? '');
    return place < 0 ? order.length : place;
  };
  return [...new Set(titles)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** A group's lines over those steps at which one of them has a value: metrics are rare among thousands of losses. */
function groupOf(title: string, curves: Curves): Group {
  const own = Object.entries(curves.values).filter(([path]) => titleOf(path) === title);
  const kept = curves.steps.map((_, place) => place).filter((place) => own.some(([, line]) => line[place] !== null));
  return {
    title,
    steps: kept.map((place) => curves.steps[place] ?? 0),
    lines: own
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([path, line]) => ({
        name: NAMES[path] ?? (path.split('/').slice(1).join('/') || path),
        values: kept.map((place) => line[place] ?? null),
      })),
  };
}

function titleOf(path: string): string {
  const [first = path] = path.split('/');
  return first === 'metric' ? path : first;
}

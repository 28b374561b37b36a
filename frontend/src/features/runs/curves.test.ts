import { describe, expect, it } from 'vitest';
import { groupsOf, together, withPoints, type Curves } from './curves';

const SOME: Curves = { steps: [10, 20], values: { 'loss/G': [1, 2], 'loss/D': [3, 4] } };

describe('withPoints', () => {
  it('appends in order and leaves a gap where a value is missing', () => {
    expect(withPoints(SOME, [{ step: 30, values: { 'loss/G': 5 } }])).toEqual({
      steps: [10, 20, 30],
      values: { 'loss/G': [1, 2, 5], 'loss/D': [3, 4, null] },
    });
  });

  it('changes nothing when the same points come again', () => {
    const points = [{ step: 30, values: { 'loss/G': 5, 'loss/D': 6 } }];
    const once = withPoints(SOME, points);
    expect(withPoints(once, points)).toEqual(once);
  });

  it('puts a late step in its place', () => {
    expect(withPoints(SOME, [{ step: 15, values: { 'loss/D': 9 } }])).toEqual({
      steps: [10, 15, 20],
      values: { 'loss/G': [1, null, 2], 'loss/D': [3, 9, 4] },
    });
  });

  it('begins a new line with gaps before it', () => {
    const more = withPoints(SOME, [{ step: 20, values: { 'metric/kid': 0.1 } }]);
    expect(more.values['metric/kid']).toEqual([null, 0.1]);
  });

  it('does not touch what it was given', () => {
    withPoints(SOME, [{ step: 20, values: { 'loss/G': 9 } }]);
    expect(SOME.values['loss/G']).toEqual([1, 2]);
  });
});

describe('groupsOf', () => {
  it('calls what health is judged by in plain words', () => {
    const [group] = groupsOf({ steps: [10], values: { 'health/least_variety': [0.4], 'health/overfitting': [0.1] } });
    expect(group?.title).toBe('health');
    expect(group?.lines.map((line) => line.name)).toEqual([
      'variety of the worst class',
      'D overfits (0 not, 1 wholly)',
    ]);
  });

  it('makes one chart per kind, losses first, rare values without empty steps', () => {
    const curves = withPoints(SOME, [{ step: 20, values: { 'metric/kid': 0.1 } }]);
    expect(groupsOf(curves)).toEqual([
      {
        title: 'loss',
        steps: [10, 20],
        lines: [
          { name: 'D', values: [3, 4] },
          { name: 'G', values: [1, 2] },
        ],
      },
      { title: 'metric/kid', steps: [20], lines: [{ name: 'kid', values: [0.1] }] },
    ]);
  });
});

describe('together', () => {
  it('lays the lines of runs over one another by step, each with its run, gaps where a run logged nothing', () => {
    const other: Curves = { steps: [15, 20, 40], values: { 'loss/G': [7, 8, 9] } };
    expect(together([SOME, other])).toEqual([
      {
        title: 'loss',
        steps: [10, 15, 20, 40],
        lines: [
          { name: 'A: D', run: 0, values: [3, null, 4, null] },
          { name: 'A: G', run: 0, values: [1, null, 2, null] },
          { name: 'B: G', run: 1, values: [null, 7, 8, 9] },
        ],
      },
    ]);
  });

  it('shows what only one of them logged, in the order of one run', () => {
    const measured: Curves = { steps: [20], values: { 'metric/kid': [0.1], 'score/real': [0.5] } };
    expect(together([SOME, measured]).map(({ title, lines }) => [title, lines.map(({ run }) => run)])).toEqual([
      ['loss', [0, 0]],
      ['score', [1]],
      ['metric/kid', [1]],
    ]);
  });
});

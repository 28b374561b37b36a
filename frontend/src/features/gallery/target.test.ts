import { describe, expect, it } from 'vitest';
import { countdownWords, standOf } from './target';

const TARGET = {
  id: 't',
  pool: 'p',
  state: 'active' as const,
  max_drawn: 60,
  num_drawn: 16,
  drawing: null,
  runs: [],
  reason: '',
  created_by: 'Ada',
  created_at: '2026-11-22T09:00:00Z',
};
const part = (wanted: number, accepted: number) => ({
  wanted,
  accepted,
  missing: wanted - accepted,
  undecided: 5,
  judged: accepted,
});

describe('a target of accepted samples', () => {
  it('counts down class by class, what lacks most first', () => {
    expect(countdownWords({ classes: { bar: part(3, 3), dot: part(20, 8) } })).toEqual([
      { name: 'dot', words: '12 more of 20' },
      { name: 'bar', words: 'done' },
    ]);
  });

  it('says what happens now', () => {
    expect(standOf({ ...TARGET, drawing: 'run' })).toContain('being drawn; 16 of at most 60');
    expect(standOf({ ...TARGET, num_drawn: 60 })).toContain('judge what is left');
    expect(standOf({ ...TARGET, state: 'ended', reason: 'The run failed.' })).toBe('The run failed.');
    expect(standOf({ ...TARGET, state: 'met' })).toBe('The target is met.');
  });
});

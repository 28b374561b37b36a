import { describe, expect, it } from 'vitest';
import { kappaWords, percents } from './agreement';

const PAIR = {
  first: 'Ada',
  second: 'Grace',
  num_both: 7,
  num_agree: 6,
  share: 6 / 7,
  share_low: 0.487,
  share_high: 0.974,
};

describe('the words of an agreement', () => {
  it('give a share in per cent with its interval', () => {
    expect(percents(PAIR.share, PAIR.share_low, PAIR.share_high)).toBe('86 % (49 to 97)');
  });

  it('give kappa with its interval, and say where it is not defined', () => {
    expect(kappaWords({ ...PAIR, kappa: 0.6956, kappa_low: -0.08, kappa_high: 0.94 })).toBe('0.70 (-0.08 to 0.94)');
    expect(kappaWords({ ...PAIR, kappa: null, kappa_low: null, kappa_high: null })).toContain('not defined');
  });
});

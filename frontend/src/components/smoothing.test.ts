import { describe, expect, it } from 'vitest';
import { smoothed } from './smoothing';

describe('smoothed', () => {
  it('leaves a constant line where it is, from its first value', () => {
    expect(smoothed([2, 2, 2], 0.9).map((value) => Number(value?.toFixed(9)))).toEqual([2, 2, 2]);
  });

  it('keeps gaps and takes nothing from them', () => {
    expect(smoothed([1, null, 1], 0.5)).toEqual([1, null, 1]);
  });

  it('calms a jump', () => {
    const calm = smoothed([0, 0, 0, 1], 0.9);
    expect(calm[3]).toBeGreaterThan(0);
    expect(calm[3]).toBeLessThan(0.4);
  });
});

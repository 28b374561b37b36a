import { expect, it } from 'vitest';
import { between, percent, points, reach } from './figures';

it('writes shares as percent and differences as points with their sign', () => {
  expect([0.95671, 1.004, -0.01].map(percent)).toEqual(['95.7', '100.0', '0.0']);
  expect([0.0123, -0.0123, 0.0004, -0.0004].map(points)).toEqual(['+1.2', '−1.2', '0.0', '0.0']);
});

it('writes an interval only where there is one', () => {
  expect(between({ mean: 0.5, low: 0.4, high: 0.61 })).toBe('40.0 to 61.0');
  expect(between({ mean: 0, low: -0.01, high: 0.02 }, points)).toBe('−1.0 to +2.0');
  expect(between({ mean: 0.5, low: null, high: null })).toBe('');
});

it('reaches as far as the farthest end of an interval, to a round number', () => {
  expect(reach([{ mean: 0.01, low: -0.012, high: 0.04 }])).toBeCloseTo(0.05);
  expect(reach([{ mean: -0.2, low: null, high: null }])).toBeCloseTo(0.2);
  expect(reach([{ mean: 0, low: 0, high: 0 }])).toBeGreaterThan(0);
});

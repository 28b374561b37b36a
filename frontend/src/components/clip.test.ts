import { expect, it } from 'vitest';
import { clippedRange } from './clip';

const calm = Array.from({ length: 99 }, (_, step) => step / 98);

it('leaves a spike out of sight and everything else in it', () => {
  const [low, high] = clippedRange([[...calm, 1e6]], false) ?? [0, 0];
  expect(low).toBeGreaterThan(-0.1);
  expect(high).toBeGreaterThan(1);
  expect(high).toBeLessThan(1.2);
});

it('looks at all lines together and passes over what is missing', () => {
  const [low, high] = clippedRange([calm, calm.map((value) => 10 + value), [null, undefined, Number.NaN]], false) ?? [];
  expect(low).toBeLessThan(0.1);
  expect(high).toBeGreaterThan(10.9);
});

it('calls nothing an outlier among few values, or where all are the same', () => {
  expect(clippedRange([[1, 2, 1000]], false)).toBeNull();
  expect(clippedRange([calm.map(() => 3)], false)).toBeNull();
});

it('stays above zero on a logarithmic axis', () => {
  const [low] = clippedRange([[...calm, -5, 0]], true) ?? [0];
  expect(low).toBeGreaterThan(0);
});

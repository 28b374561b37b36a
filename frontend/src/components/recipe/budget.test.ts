import { describe, expect, it } from 'vitest';
import { askedOf, axisOf, doubled, type Budget } from './budget';

const CLASSES = ['cat', 'dog', 'owl'];
const REAL = { cat: 300, dog: 55, owl: 7 };

describe('what a budget asks for', () => {
  it.each<[Budget, number[]]>([
    [{ kind: 'per_class', count: 20 }, [20, 20, 20]],
    [{ kind: 'fill_to_largest' }, [0, 245, 293]],
    [{ kind: 'fill_to', count: 100 }, [0, 45, 93]],
    [{ kind: 'multiple', factor: 0.5 }, [150, 28, 4]],
    [{ kind: 'counts', counts: { dog: 3, unknown: 9 } }, [0, 3, 0]],
  ])('is the same as the server makes of it: %o', (budget, expected) => {
    expect(Object.values(askedOf(budget, CLASSES, REAL))).toEqual(expected);
  });

  it('doubles in the words it had, and class by class where they cannot say it', () => {
    const twice = (budget: Budget) => doubled(budget, askedOf(budget, CLASSES, REAL));
    expect(twice({ kind: 'per_class', count: 20 })).toEqual({ kind: 'per_class', count: 40 });
    expect(twice({ kind: 'multiple', factor: 1.5 })).toEqual({ kind: 'multiple', factor: 3 });
    expect(twice({ kind: 'fill_to', count: 100 })).toEqual({ kind: 'counts', counts: { cat: 0, dog: 90, owl: 186 } });
    expect(twice({ kind: 'per_class', count: 900_000 })).toMatchObject({ counts: { cat: 1_000_000 } });
  });
});

describe('the axis', () => {
  it.each([0, 1, 9, 48, 320, 999, 12_345, 1_000_000])('leaves room beyond %i and ends at whole steps', (longest) => {
    const { end, step } = axisOf(longest);
    expect(end).toBeGreaterThanOrEqual(1.25 * longest);
    expect(end).toBeLessThanOrEqual(Math.max(10, 2 * longest));
    expect(end % step).toBe(0);
    expect(end / step).toBeGreaterThanOrEqual(10);
  });
});

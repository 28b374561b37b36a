import { describe, expect, it } from 'vitest';
import { coverageOf } from './coverage';

const CLASSES = ['a', 'b', 'c'];

describe('coverageOf', () => {
  it('finds a gap in the training images, and finds it filled', () => {
    const test = { a: 60, b: 40 };
    expect(coverageOf(CLASSES, test, { a: 500, b: 3 }, {})).toBe(
      'Of 100 held-out images, 60 % are of classes with 20 training images or more; with the synthetic images that were kept, 60 %. Still short: b.',
    );
    expect(coverageOf(CLASSES, test, { a: 500, b: 3 }, { b: 17 })).toBe(
      'Of 100 held-out images, 60 % are of classes with 20 training images or more; with the synthetic images that were kept, 100 %.',
    );
  });

  it('is short where nothing is missing, and does not depend on the order of classes', () => {
    const said = 'Of 10 held-out images, 100 % are of classes with 20 training images or more.';
    expect(coverageOf(CLASSES, { a: 4, b: 6 }, { a: 20, b: 20 }, { b: 5 })).toBe(said);
    expect(coverageOf([...CLASSES].reverse(), { b: 6, a: 4 }, { b: 20, a: 20 }, { b: 5 })).toBe(said);
  });

  it('never rounds up to a whole', () => {
    expect(coverageOf(CLASSES, { a: 999, b: 1 }, { a: 30 }, {})).toContain('99 %');
  });

  it('says when there is nothing to cover', () => {
    expect(coverageOf(CLASSES, { c: 0 }, { a: 30 }, {})).toBe(
      'There are no held-out images whose classes could be covered.',
    );
  });
});

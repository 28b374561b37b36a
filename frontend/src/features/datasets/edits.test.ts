import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  changingClass,
  classInWords,
  excluding,
  fateOf,
  inWords,
  isEmpty,
  NO_EDITS,
  relabelling,
  without,
} from './edits';

describe('edits', () => {
  it('keep one fate for each image, the last one', () => {
    const edits = excluding(relabelling(NO_EDITS, [1, 2], 'dog'), [2, 3]);
    expect([...edits.excluded]).toEqual([2, 3]);
    expect([...edits.relabelled]).toEqual([[1, 'dog']]);
    expect([...relabelling(edits, [3], 'cow').excluded]).toEqual([2]);
    expect(isEmpty(without(edits, [1, 2, 3]))).toBe(true);
  });

  it('of whole classes go beside those of images, which go first', () => {
    const merged = changingClass(changingClass(NO_EDITS, 'cat', 'dog'), 'cow', null);
    const edits = relabelling(merged, [1, 2], 'hen');
    expect(fateOf(edits, { index: 0, label: 'cat' })).toBe('dog');
    expect(fateOf(edits, { index: 1, label: 'cat' })).toBe('hen');
    expect(fateOf(edits, { index: 2, label: 'cow' })).toBeNull();
    expect(fateOf(edits, { index: 3, label: 'dog' })).toBe('dog');
    expect(inWords(edits)).toBe('2 images relabelled, 1 class excluded, 1 class renamed or merged');
    expect(classInWords('cat', 'dog', ['cat', 'dog'])).toBe('cat is merged into dog');
    expect(classInWords('cat', 'puss', ['cat', 'dog'])).toBe('cat is renamed puss');
    expect(bodyOf(edits, 'v')).toEqual({
      base: 'v',
      exclude: { images: [], classes: ['cow'] },
      relabel: [
        { label: 'hen', images: [1, 2], classes: [] },
        { label: 'dog', images: [], classes: ['cat'] },
      ],
    });
    const back = changingClass(changingClass(merged, 'cat', 'cat'), 'cow', 'cow');
    expect(isEmpty(back)).toBe(true);
  });

  it('are said in words', () => {
    const edits = { ...excluding(NO_EDITS, [1, 2]), resplit: { seed: 1, shares: [70, 20, 10] as const } };
    expect(inWords(edits)).toBe('2 images excluded, splits drawn anew as 70 / 20 / 10 %');
  });

  it('are sent by label, and hold nothing that was not asked for', () => {
    const edits = relabelling(relabelling(NO_EDITS, [4, 5], 'dog'), [6], 'cow');
    expect(bodyOf(edits, 'v')).toEqual({
      base: 'v',
      relabel: [
        { label: 'dog', images: [4, 5], classes: [] },
        { label: 'cow', images: [6], classes: [] },
      ],
    });
    expect(bodyOf({ ...NO_EDITS, resplit: { seed: 3, shares: [80, 10, 10] } }, 'v')).toEqual({
      base: 'v',
      resplit: { seed: 3, fractions: [0.8, 0.1, 0.1] },
    });
  });
});

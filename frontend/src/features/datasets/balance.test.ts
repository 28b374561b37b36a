import { describe, expect, it } from 'vitest';
import { balanceOf } from './balance';

describe('balanceOf', () => {
  it('says that classes are even', () => {
    expect(balanceOf({ a: 50, b: 50 })).toBe('Every class has 50 training images.');
  });

  it('names the largest and the smallest class, and how many have little', () => {
    expect(balanceOf({ a: 500, b: 19, c: 60 })).toBe(
      'The largest class, a, has 500 training images; the smallest, b, 19. 1 class has fewer than 20, which is little to learn from.',
    );
  });

  it('says when there is nothing', () => {
    expect(balanceOf({})).toBe('There are no training images.');
  });
});

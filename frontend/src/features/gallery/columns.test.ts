import { describe, expect, it } from 'vitest';
import { layoutOf, leapt, moved } from './columns';

describe('layoutOf', () => {
  it('fits as many columns as there is room for, and fills the width', () => {
    expect(layoutOf(1000, 92)).toMatchObject({ columns: 10, tile: 92 });
    expect(layoutOf(1080, 92)).toMatchObject({ columns: 10, tile: 100 });
  });

  it('keeps one column on the narrowest page', () => {
    expect(layoutOf(60, 92).columns).toBe(1);
  });
});

describe('moved', () => {
  // Ten samples in rows of four: 0-3, 4-7, 8-9.
  it('goes to the neighbour, over the end of a row', () => {
    expect(moved(3, 'right', 4, 10)).toBe(4);
    expect(moved(4, 'left', 4, 10)).toBe(3);
    expect(moved(1, 'down', 4, 10)).toBe(5);
    expect(moved(5, 'up', 4, 10)).toBe(1);
  });

  it('stays at the edges', () => {
    expect(moved(0, 'left', 4, 10)).toBe(0);
    expect(moved(9, 'right', 4, 10)).toBe(9);
    expect(moved(2, 'up', 4, 10)).toBe(2);
    expect(moved(9, 'down', 4, 10)).toBe(9);
  });

  it('goes to the last sample when the row below is shorter', () => {
    expect(moved(6, 'down', 4, 10)).toBe(9);
  });
});

describe('leapt', () => {
  it('keeps the column, and ends in the first row and at the last sample', () => {
    expect(leapt(1, 2, 4, 20)).toBe(9);
    expect(leapt(9, -2, 4, 20)).toBe(1);
    expect(leapt(6, -2, 4, 20)).toBe(2);
    expect(leapt(14, 3, 4, 20)).toBe(19);
  });
});

import { describe, expect, it } from 'vitest';
import {
  cellOf,
  countedFrom,
  numChanged,
  placeAfter,
  readMatrix,
  shareFrom,
  shareWords,
  valueAfter,
  withCell,
  writeMatrix,
} from './matrix';

const COUNTED = countedFrom(
  [
    [1, 1 / 3, 0],
    [0.25, 1, 0.5],
    [null, null, null],
  ],
  3,
);

describe('what was counted', () => {
  it('has each with itself, and nothing of what never occurs', () => {
    expect(COUNTED).toEqual([
      [1, 0.3333, 0],
      [0.25, 1, 0.5],
      [0, 0, 1],
    ]);
    expect(countedFrom(null, 2)).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('is what an empty text means, and what is put back is written as that', () => {
    expect(readMatrix('', COUNTED)).toBe(COUNTED);
    const place = { row: 0, column: 1 };
    const text = writeMatrix(withCell(COUNTED, place, 0.9), COUNTED);
    expect(text).toBe('[[1,0.9,0],[0.25,1,0.5],[0,0,1]]');
    const read = readMatrix(text, COUNTED) ?? [];
    expect(numChanged(read, COUNTED)).toBe(1);
    expect(writeMatrix(withCell(read, place, cellOf(COUNTED, place)), COUNTED)).toBe('');
  });
});

it('a text of another size, or of other things than numbers from 0 to 1, is no matrix', () => {
  const twice = [
    [1, 2, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  for (const text of ['[[1,0],[0,1]]', '[[1,0,0],[0,1],[0,0,1]]', JSON.stringify(twice), '[[1', '3', 'null'])
    expect(readMatrix(text, COUNTED), text).toBeNull();
});

it('a number is typed in full before it counts', () => {
  expect([0.123456, '0.50', '1', '.5'].map(shareFrom)).toEqual([0.1235, 0.5, 1, 0.5]);
  expect(['', ' ', '-', 'x', 1.2, '-0.1'].map(shareFrom)).toEqual([null, null, null, null, null, null]);
});

it('keys move a number within 0 to 1, or put it back', () => {
  expect(valueAfter('+', 0.3, 0)).toBe(0.35);
  expect(valueAfter('=', 0.98, 0)).toBe(1);
  expect(valueAfter('-', 0.02, 0)).toBe(0);
  expect(valueAfter('Delete', 0.9, 0.25)).toBe(0.25);
  expect(valueAfter('ArrowUp', 0.9, 0.25)).toBeNull();
});

it('keys lead from cell to cell and not out of the table', () => {
  const go = (key: string, row = 1, column = 1) => placeAfter(key, { row, column }, 8);
  expect(go('ArrowUp')).toEqual({ row: 0, column: 1 });
  expect(go('ArrowLeft', 3, 0)).toEqual({ row: 3, column: 0 });
  expect(go('End')).toEqual({ row: 1, column: 7 });
  expect(go('PageDown')).toEqual({ row: 6, column: 1 });
  expect(go('PageDown', 6)).toEqual({ row: 7, column: 1 });
  expect(go('Tab')).toBeNull();
});

it('a share is said in two digits, and nothing and everything without', () => {
  expect([0, 0.3125, 1].map(shareWords)).toEqual(['0', '0.31', '1']);
});

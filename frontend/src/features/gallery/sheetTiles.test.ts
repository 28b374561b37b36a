import { expect, test } from 'vitest';
import { firstTile, isUnseen, nameOf, ownTile, placeOf, rivalsOf, switched } from './sheetTiles';

const sheet = {
  attributes: ['red', 'large'],
  are_classes: false,
  combinations: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  current: [1, 0],
  excludes: [[], []] as number[][],
  tile: 32,
  columns: 2,
  chances: { model: [], encoder: [] },
};

test('a page begins with what the image has', () => {
  expect(firstTile(sheet)).toBe(2);
  expect(firstTile({ ...sheet, current: [1, null] })).toBe(0);
});

test('a switch changes one attribute and leaves the others', () => {
  expect(switched(sheet, 2, 1)).toBe(3);
  expect(switched(sheet, 3, 0)).toBe(1);
  expect(switched({ ...sheet, are_classes: true }, 0, 1)).toBe(1);
});

test('what never comes together goes when the other comes, and stays gone when that goes', () => {
  const rivals = { ...sheet, excludes: [[1], [0]] };
  expect(switched(rivals, 2, 1)).toBe(1);
  expect(switched(rivals, 1, 0)).toBe(2);
  expect(switched(rivals, 1, 1)).toBe(0);
  expect(switched(rivals, 3, 0)).toBe(1);
  expect([0, 1, 2, 3].map((tile) => isUnseen(rivals, tile))).toEqual([false, false, false, true]);
  expect(isUnseen(sheet, 3)).toBe(false);
  expect([rivalsOf(rivals, 0), rivalsOf(sheet, 0), rivalsOf({ ...rivals, are_classes: true }, 0)]).toEqual([
    'large',
    '',
    '',
  ]);
});

test('a tile is called by what is on, and the last one is the image', () => {
  expect([0, 1, 3, 4].map((tile) => nameOf(sheet, tile))).toEqual(['none of them', 'large', 'red, large', 'the image']);
  expect(placeOf(sheet, ownTile(sheet))).toEqual({ column: 0, row: 2, columns: 2, rows: 3 });
});

import { expect, test } from 'vitest';
import { lookOf, markedIn } from './look';
import { classColour, colourOf, packed, paint } from './paint';
import { WHOLE } from './plane';
import { nearestTo, outwards, pointsOf, tally, within } from './points';

const RED = packed([255, 0, 0]);
const BLUE = packed([0, 0, 255]);
const SIZE = { width: 101, height: 101 };

const POINTS = pointsOf({
  name: 'pca',
  real: { keys: [7], labels: [0], x: [2500], y: [5000] },
  samples: { keys: [4, 9], labels: [1, 0], x: [7500, 5000], y: [5000, 5000] },
});

function painted(look: Partial<Parameters<typeof paint>[4]> = {}) {
  const pixels = new Uint32Array(SIZE.width * SIZE.height);
  const colour = Uint32Array.from(POINTS.isReal, (isReal) => (isReal === 1 ? RED : BLUE));
  paint(pixels, SIZE, POINTS, WHOLE, {
    colour,
    faint: new Uint8Array(3),
    hidden: new Uint8Array(3),
    radius: 3,
    ...look,
  });
  return (x: number, y: number) => pixels[y * SIZE.width + x];
}

test('real images and samples take turns and keep what they are', () => {
  expect([...POINTS.key]).toEqual([7, 4, 9]);
  expect([...POINTS.isReal]).toEqual([1, 0, 0]);
  expect([...POINTS.label]).toEqual([0, 1, 0]);
});

test('a real image is a square outline and a sample a disc, each at its place', () => {
  const at = painted();
  // the middles are (25, 51) and (76, 51)
  expect(at(25, 51)).toBe(0);
  expect(at(22, 48)).toBe(RED);
  expect(at(28, 54)).toBe(RED);
  expect(at(76, 51)).toBe(BLUE);
  expect(at(73, 48)).toBe(0);
  expect(at(76, 54)).toBe(BLUE);
});

test('what is faint keeps its colour and loses its weight; what is hidden is not there', () => {
  const at = painted({ faint: Uint8Array.from([0, 1, 0]), hidden: Uint8Array.from([0, 0, 1]) });
  expect((at(76, 50) ?? 0) & 0xffffff).toBe(BLUE & 0xffffff);
  expect((at(76, 50) ?? 0) >>> 24).toBeLessThan(80);
  expect(at(51, 50)).toBe(0);
});

test('points at the edge stay within the picture', () => {
  const edge = pointsOf({
    name: 'pca',
    real: { keys: [0, 1], labels: [0, 0], x: [0, 9999], y: [0, 9999] },
    samples: { keys: [], labels: [], x: [], y: [] },
  });
  const pixels = new Uint32Array(SIZE.width * SIZE.height);
  const look = { colour: Uint32Array.of(RED, RED), faint: new Uint8Array(2), hidden: new Uint8Array(2), radius: 3 };
  paint(pixels, SIZE, edge, WHOLE, look);
  expect(pixels.every((pixel) => pixel === 0)).toBe(true);
});

test('an area and a class leave the rest faint', () => {
  const inArea = within(POINTS, [
    [4000, 4000],
    [9000, 4000],
    [9000, 6000],
    [4000, 6000],
  ]);
  expect(tally(POINTS, inArea)).toEqual({ real: 0, samples: 2 });
  expect([...markedIn(lookOf(POINTS, inArea, 0, { real: true, samples: true }))]).toEqual([0, 0, 1]);
  const { faint, hidden } = lookOf(POINTS, inArea, 0, { real: true, samples: false });
  expect([...faint]).toEqual([1, 1, 0]);
  expect([...hidden]).toEqual([0, 1, 1]);
});

test('the point under the pointer is the nearest one that may be pointed at', () => {
  expect(nearestTo(POINTS, [7400, 5010], 200, () => true)).toBe(1);
  expect(nearestTo(POINTS, [7400, 5010], 50, () => true)).toBeNull();
  expect(nearestTo(POINTS, [6300, 5000], 9999, (place) => place !== 1)).toBe(2);
});

test('points come from the middle of all of them outwards', () => {
  expect(outwards(POINTS, [0, 1, 2])).toEqual([2, 0, 1]);
  expect(outwards(POINTS, [])).toEqual([]);
});

test('colours are packed as a canvas reads them, and neighbours in the list differ', () => {
  expect([...new Uint8Array(Uint32Array.of(packed(colourOf('#2566af'))).buffer)]).toEqual([0x25, 0x66, 0xaf, 255]);
  const colours = Array.from({ length: 20 }, (_, label) => packed(classColour(label, false)));
  expect(new Set(colours).size).toBe(20);
});

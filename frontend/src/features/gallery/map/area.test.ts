import { expect, test } from 'vitest';
import {
  boxOf,
  cornersOf,
  isInside,
  MAX_CORNERS,
  nudged,
  polygonOf,
  readArea,
  SIDE,
  writeArea,
  type Corner,
} from './area';
import cases from './inside.json';

test.each(cases)('inside is decided as the server decides it: $about', ({ corners, points, inside }) => {
  const polygon = corners as unknown as Corner[];
  expect(points.map(([x, y]) => isInside(polygon, x ?? 0, y ?? 0))).toEqual(inside);
});

test('an area comes back from the address as it was written', () => {
  const area = {
    view: 'tsne',
    corners: [
      [0, 10],
      [SIDE, 20],
      [300, 4000],
    ],
  } as const;
  expect(writeArea(area)).toBe('tsne:0.10.9999.20.300.4000');
  expect(readArea(writeArea(area))).toEqual(area);
});

test.each([
  null,
  '',
  'pca',
  'pca:',
  'umap:0.0.5.0.5.5',
  'pca:0.0.5.0',
  'pca:0.0.5.0.5',
  'pca:0.0.5.0.5.10000',
  'pca:0.0.-5.0.5.5',
])('what is no area is none: %s', (text) => {
  expect(readArea(text)).toBeNull();
});

test('a long wild line becomes a polygon that the server takes and that holds what the line holds', () => {
  const line = Array.from({ length: 900 }, (_, step): Corner => {
    const turn = (step / 900) * 2 * Math.PI;
    const radius = 3000 + 600 * Math.sin(40 * turn) + 80 * Math.cos(333 * turn);
    return [5000 + radius * Math.cos(turn), 5000 + radius * Math.sin(turn)];
  });
  const polygon = polygonOf(line, 20) ?? [];
  expect(polygon.length).toBeGreaterThan(20);
  expect(polygon.length).toBeLessThanOrEqual(MAX_CORNERS);
  expect(readArea(writeArea({ view: 'pca', corners: polygon }))?.corners).toEqual(polygon);
  for (const [x, y, held] of [
    [5000, 5000, true],
    [7000, 5000, true],
    [9500, 5000, false],
    [1000, 1000, false],
  ] as const)
    expect(isInside(polygon, x, y)).toBe(held);
});

test('what leaves the plane ends at its edge', () => {
  expect(polygonOf(cornersOf(boxOf([12_000, -50], [8000, 400])), 20)).toEqual([
    [8000, 0],
    [SIDE, 0],
    [SIDE, 400],
    [8000, 400],
  ]);
});

test('a press without a way is no area', () => {
  const trembling: Corner[] = [
    [500, 500],
    [520, 510],
    [500, 530],
  ];
  expect(polygonOf([[500, 500]], 20)).toBeNull();
  expect(polygonOf(trembling, 20)).toBeNull();
  expect(polygonOf(trembling, 1)).toEqual(trembling);
});

test('keys move a rectangle no further than the edge, and size it to no less than a unit', () => {
  const box = boxOf([100, 200], [300, 500]);
  expect(nudged(box, 50, -50, false)).toEqual({ left: 150, top: 150, right: 350, bottom: 450 });
  expect(nudged(box, -500, 20_000, false)).toEqual({ left: 0, top: SIDE - 300, right: 200, bottom: SIDE });
  expect(nudged(box, -500, 20_000, true)).toEqual({ left: 100, top: 200, right: 101, bottom: SIDE });
});

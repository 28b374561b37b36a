import { expect, test } from 'vitest';
import { SIDE } from './area';
import { centredOn, dragged, MAX_ZOOM, toPixel, toPlane, WHOLE, zoomed } from './plane';

const SIZE = { width: 800, height: 500 };

test('the whole plane fits and stands in the middle', () => {
  expect(toPixel(WHOLE, SIZE, [0, 0])).toEqual([150, 0]);
  expect(toPixel(WHOLE, SIZE, [SIDE, SIDE])).toEqual([650, 500]);
});

test('a place that becomes a pixel is found again there', () => {
  const camera = { x: 2500, y: 7000, zoom: 3.7 };
  const [x, y] = toPlane(camera, SIZE, toPixel(camera, SIZE, [1234, 5678]));
  expect(x).toBeCloseTo(1234);
  expect(y).toBeCloseTo(5678);
});

test('what lies under the pointer stays there while it comes closer', () => {
  const pixel = [300, 200] as const;
  const before = toPlane(WHOLE, SIZE, pixel);
  const after = toPlane(zoomed(WHOLE, SIZE, 2.5, pixel), SIZE, pixel);
  expect(after[0]).toBeCloseTo(before[0]);
  expect(after[1]).toBeCloseTo(before[1]);
});

test('it comes no closer than the limit, and back to the whole', () => {
  const close = zoomed(WHOLE, SIZE, 1e9, [10, 10]);
  expect(close.zoom).toBe(MAX_ZOOM);
  expect(zoomed(close, SIZE, 1e-9, [10, 10])).toEqual(WHOLE);
});

test('a box that keys move stays in the middle of what is seen', () => {
  const box = { left: 1000, top: 2000, right: 3000, bottom: 2400 };
  expect(centredOn({ x: 9000, y: 9000, zoom: 5 }, box)).toEqual({ x: 2000, y: 2200, zoom: 5 });
  expect(centredOn(WHOLE, box)).toEqual(WHOLE);
});

test('dragging follows the pointer and never loses the plane', () => {
  const close = zoomed(WHOLE, SIZE, 4, [400, 250]);
  const [left, top] = toPixel(close, SIZE, [5000, 5000]);
  const [x, y] = toPixel(dragged(close, SIZE, 30, -20), SIZE, [5000, 5000]);
  expect([x - left, y - top].map(Math.round)).toEqual([30, -20]);
  const far = dragged(close, SIZE, 1e6, 1e6);
  expect([far.x, far.y]).toEqual([0, 0]);
});

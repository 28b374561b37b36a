/** An area of the map: a polygon in one view, as it stands in the address and as the server reads it. */

export const VIEWS = ['pca', 'tsne'] as const;
export type ViewName = (typeof VIEWS)[number];
/** x and y, each from 0 to SIDE. */
export type Corner = readonly [number, number];
export type Area = { view: ViewName; corners: readonly Corner[] };

export const SIDE = 9999;
export const MAX_CORNERS = 64;

/** `pca:x.y.x.y…`; null for anything else. */
export function readArea(text: string | null): Area | null {
  const found = /^(pca|tsne):(\d{1,4}(?:\.\d{1,4})*)$/.exec(text ?? '');
  if (found === null) return null;
  const numbers = (found[2] ?? '').split('.').map(Number);
  if (numbers.length % 2 === 1 || numbers.length < 6 || numbers.length > 2 * MAX_CORNERS) return null;
  const corners = Array.from({ length: numbers.length / 2 }, (_, place): Corner => {
    return [numbers[2 * place] ?? 0, numbers[2 * place + 1] ?? 0];
  });
  return { view: found[1] as ViewName, corners };
}

export function writeArea({ view, corners }: Area): string {
  return `${view}:${corners.map(([x, y]) => `${x}.${y}`).join('.')}`;
}

/** Whether a ray from the place crosses the outline an odd number of times; the server counts by the same formula. */
export function isInside(corners: readonly Corner[], x: number, y: number): boolean {
  let odd = false;
  let [x1, y1] = corners.at(-1) ?? [0, 0];
  for (const [x0, y0] of corners) {
    if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) odd = !odd;
    [x1, y1] = [x0, y0];
  }
  return odd;
}

/**
 * A drawn line as whole corners of the plane, at most MAX_CORNERS of them; null when it encloses nothing.
 * `step`: of the plane, that a pixel of the screen takes; finer than that nobody draws.
 */
export function polygonOf(line: readonly Corner[], step: number): Corner[] | null {
  const whole = line.map(([x, y]): Corner => [onPlane(x), onPlane(y)]);
  let tolerance = step;
  let corners = simplified(whole, tolerance);
  while (corners.length > MAX_CORNERS) {
    tolerance *= 1.5;
    corners = simplified(whole, tolerance);
  }
  return corners.length < 3 || extentOf(corners) < 2 * step ? null : corners;
}

export type Box = { left: number; top: number; right: number; bottom: number };

export function cornersOf({ left, top, right, bottom }: Box): Corner[] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

/** The box between two places, whichever of them is where. */
export function boxOf([x0, y0]: Corner, [x1, y1]: Corner): Box {
  return { left: Math.min(x0, x1), top: Math.min(y0, y1), right: Math.max(x0, x1), bottom: Math.max(y0, y1) };
}

/** The box moved or, by its lower right corner, made larger or smaller; it stays on the plane. */
export function nudged(box: Box, dx: number, dy: number, resizes: boolean): Box {
  if (resizes)
    return {
      ...box,
      right: Math.min(SIDE, Math.max(box.left + 1, Math.round(box.right + dx))),
      bottom: Math.min(SIDE, Math.max(box.top + 1, Math.round(box.bottom + dy))),
    };
  const right = Math.round(Math.min(SIDE - box.right, Math.max(-box.left, dx)));
  const down = Math.round(Math.min(SIDE - box.bottom, Math.max(-box.top, dy)));
  return { left: box.left + right, top: box.top + down, right: box.right + right, bottom: box.bottom + down };
}

function onPlane(value: number): number {
  return Math.round(Math.min(SIDE, Math.max(0, value)));
}

function extentOf(corners: readonly Corner[]): number {
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return Math.min(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
}

/** Douglas and Peucker: corners nearer than `tolerance` to the line between those that stay are left out. */
function simplified(line: readonly Corner[], tolerance: number): Corner[] {
  const [first, last] = [line[0], line.at(-1)];
  if (first === undefined || last === undefined || line.length < 3) return [...line];
  let [farthest, at] = [0, 0];
  for (let place = 1; place < line.length - 1; place += 1) {
    const distance = distanceTo(line[place] ?? first, first, last);
    if (distance > farthest) [farthest, at] = [distance, place];
  }
  if (farthest <= tolerance) return [first, last];
  return [...simplified(line.slice(0, at + 1), tolerance).slice(0, -1), ...simplified(line.slice(at), tolerance)];
}

function distanceTo([x, y]: Corner, [x0, y0]: Corner, [x1, y1]: Corner): number {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length === 0) return Math.hypot(x - x0, y - y0);
  return Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length;
}

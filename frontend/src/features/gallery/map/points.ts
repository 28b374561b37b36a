import { api, type Schemas } from '@/api/client';
import { isInside, type Corner, type ViewName } from './area';

/** The points of one view in the order in which they are drawn; the same place in each list is one image. */
export type Points = {
  length: number;
  /** Index of a training image in its version, or row of a sample in the pool. */
  key: Int32Array;
  label: Uint16Array;
  x: Uint16Array;
  y: Uint16Array;
  isReal: Uint8Array;
};

/** The map of a pool; it never changes. */
export function useMap(pool: Schemas['Pool']) {
  return api.useQuery(
    'get',
    '/api/v1/pools/{id}/map/',
    { params: { path: { id: pool.id } } },
    { enabled: pool.has_map, staleTime: Infinity },
  );
}

export function viewOf(map: Schemas['PoolMap'], name: ViewName): Schemas['MapView'] | undefined {
  return map.views.find((view) => view.name === name);
}

/** Real images and samples take turns, so that neither lies on top of the other everywhere. */
export function pointsOf({ real, samples }: Schemas['MapView']): Points {
  const length = real.keys.length + samples.keys.length;
  const points: Points = {
    length,
    key: new Int32Array(length),
    label: new Uint16Array(length),
    x: new Uint16Array(length),
    y: new Uint16Array(length),
    isReal: new Uint8Array(length),
  };
  let next = 0;
  const put = (from: Schemas['Places'], place: number, isReal: 0 | 1) => {
    if (place >= from.keys.length) return;
    points.key[next] = from.keys[place] ?? 0;
    points.label[next] = from.labels[place] ?? 0;
    points.x[next] = from.x[place] ?? 0;
    points.y[next] = from.y[place] ?? 0;
    points.isReal[next] = isReal;
    next += 1;
  };
  for (let place = 0; place < Math.max(real.keys.length, samples.keys.length); place += 1) {
    put(real, place, 1);
    put(samples, place, 0);
  }
  return points;
}

/** 1 for each point inside the polygon. */
export function within(points: Points, corners: readonly Corner[]): Uint8Array {
  const found = new Uint8Array(points.length);
  for (let place = 0; place < points.length; place += 1)
    if (isInside(corners, points.x[place] ?? 0, points.y[place] ?? 0)) found[place] = 1;
  return found;
}

/** These points by their distance from the middle of all of them, the nearest first. */
export function outwards({ x, y }: Points, places: readonly number[]): number[] {
  const middleOf = (values: Uint16Array) =>
    places.reduce((sum, place) => sum + (values[place] ?? 0), 0) / Math.max(1, places.length);
  const [middleX, middleY] = [middleOf(x), middleOf(y)];
  const distance = (place: number) => ((x[place] ?? 0) - middleX) ** 2 + ((y[place] ?? 0) - middleY) ** 2;
  return [...places].sort((one, other) => distance(one) - distance(other));
}

/** How many of both kinds are among those marked 1. */
export function tally(points: Points, marked: Uint8Array): { real: number; samples: number } {
  let real = 0;
  let all = 0;
  for (let place = 0; place < points.length; place += 1) {
    if (marked[place] !== 1) continue;
    all += 1;
    real += points.isReal[place] ?? 0;
  }
  return { real, samples: all - real };
}

/** The point nearest to a place that is no further than `reach` and passes; null where there is none. */
export function nearestTo(
  points: Points,
  [x, y]: Corner,
  reach: number,
  passes: (place: number) => boolean,
): number | null {
  let found: number | null = null;
  let best = reach * reach;
  for (let place = 0; place < points.length; place += 1) {
    const distance = ((points.x[place] ?? 0) - x) ** 2 + ((points.y[place] ?? 0) - y) ** 2;
    if (distance <= best && passes(place)) [found, best] = [place, distance];
  }
  return found;
}

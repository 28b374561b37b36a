/** The grid of the gallery: how many columns fit, and where the keys lead. */

export const GAP = 8;
/** Height of the line under a picture. */
export const CAPTION = 22;

/** On a phone the controls stand in pairs. */
export const HALF = 'calc(50% - 4px)';

/** `tile`: the side of one picture. */
export type Layout = { columns: number; tile: number; rowHeight: number };

/**
 * As many columns as fit with pictures of at least `wanted` pixels; they then fill the width. With two, each tile holds
 * so many pictures beside each other.
 */
export function layoutOf(width: number, wanted: number, pictures = 1): Layout {
  const columns = Math.max(1, Math.floor((width + GAP) / (wanted * pictures + GAP)));
  const tile = Math.max(16, Math.floor((width - GAP * (columns - 1)) / columns / pictures));
  return { columns, tile, rowHeight: tile + CAPTION + GAP };
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The place that an arrow leads to; at an edge it stays, and a shorter last row is entered at its end. */
export function moved(place: number, direction: Direction, columns: number, length: number): number {
  const step = { left: -1, right: 1, up: -columns, down: columns }[direction];
  const target = place + step;
  if (target >= 0 && target < length) return target;
  const lastRow = Math.floor((length - 1) / columns);
  return direction === 'down' && Math.floor(place / columns) < lastRow ? length - 1 : place;
}

/** The place so many rows further down (or up), within the samples and in the same column where there is one. */
export function leapt(place: number, rows: number, columns: number, length: number): number {
  const target = place + rows * columns;
  if (target < 0) return place % columns;
  return Math.min(target, length - 1);
}

/** The whole factor by which a small image is drawn, so that it fills `side` device pixels without blur (1..8). */
export function scaleFor(resolution: number, side: number): number {
  const ratio = typeof window === 'undefined' ? 1 : window.devicePixelRatio;
  return Math.min(8, Math.max(1, Math.round((side * ratio) / resolution)));
}

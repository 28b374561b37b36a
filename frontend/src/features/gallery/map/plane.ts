import { SIDE, type Box, type Corner } from './area';

/** What of the plane is seen: its middle, and how many times larger than when all of it fits. */
export type Camera = { x: number; y: number; zoom: number };
export type Size = { width: number; height: number };

export const WHOLE: Camera = { x: SIDE / 2, y: SIDE / 2, zoom: 1 };
export const MAX_ZOOM = 64;

/** Pixels for each unit of the plane. */
export function scaleOf(camera: Camera, { width, height }: Size): number {
  return (camera.zoom * Math.min(width, height)) / SIDE;
}

export function toPixel(camera: Camera, size: Size, [x, y]: Corner): Corner {
  const scale = scaleOf(camera, size);
  return [(x - camera.x) * scale + size.width / 2, (y - camera.y) * scale + size.height / 2];
}

export function toPlane(camera: Camera, size: Size, [left, top]: Corner): Corner {
  const scale = scaleOf(camera, size);
  return [(left - size.width / 2) / scale + camera.x, (top - size.height / 2) / scale + camera.y];
}

/** So many times closer, with the place under this pixel staying where it is. */
export function zoomed(camera: Camera, size: Size, factor: number, pixel: Corner): Camera {
  const zoom = Math.min(MAX_ZOOM, Math.max(1, camera.zoom * factor));
  const [x, y] = toPlane(camera, size, pixel);
  const share = camera.zoom / zoom;
  return kept({ x: x + (camera.x - x) * share, y: y + (camera.y - y) * share, zoom });
}

/** The box is in the middle, as far as the plane reaches; the whole plane stays as it is. */
export function centredOn(camera: Camera, { left, top, right, bottom }: Box): Camera {
  return kept({ x: (left + right) / 2, y: (top + bottom) / 2, zoom: camera.zoom });
}

/** Dragged by so many pixels. */
export function dragged(camera: Camera, size: Size, dx: number, dy: number): Camera {
  const scale = scaleOf(camera, size);
  return kept({ ...camera, x: camera.x - dx / scale, y: camera.y - dy / scale });
}

/** The middle stays on the plane; when all of it fits, it is in the middle. */
function kept({ x, y, zoom }: Camera): Camera {
  if (zoom === 1) return WHOLE;
  const within = (value: number) => Math.min(SIDE, Math.max(0, value));
  return { x: within(x), y: within(y), zoom };
}

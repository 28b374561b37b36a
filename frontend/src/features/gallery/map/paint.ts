import type { Points } from './points';
import { scaleOf, type Camera, type Size } from './plane';

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** How the points look now; radius in device pixels. */
export type Look = {
  /** A colour for each point, as `packed` gives it. */
  colour: Uint32Array;
  /** 1: drawn first and faintly. */
  faint: Uint8Array;
  /** 1: not drawn. */
  hidden: Uint8Array;
  radius: number;
};

const FAINT_ALPHA = 52;

/**
 * Draw every point into the pixels of a canvas: a square outline for a real image, a disc for a sample. Written into the
 * buffer by hand, which takes a few milliseconds for 20,000 points with or without a graphics card.
 */
export function paint(pixels: Uint32Array, size: Size, points: Points, camera: Camera, look: Look): void {
  pixels.fill(0);
  const { width, height } = size;
  const scale = scaleOf(camera, size);
  const [left, top] = [width / 2 - camera.x * scale, height / 2 - camera.y * scale];
  const { radius } = look;
  const shapes = [spansOf(radius, isDisc), spansOf(radius, isOutline)] as const;
  const reach = Math.ceil(radius);
  for (const faint of [1, 0]) {
    for (let place = 0; place < points.length; place += 1) {
      if (look.faint[place] !== faint || look.hidden[place] === 1) continue;
      const x = Math.round((points.x[place] ?? 0) * scale + left);
      const y = Math.round((points.y[place] ?? 0) * scale + top);
      if (x < reach || y < reach || x >= width - reach || y >= height - reach) continue;
      const shape = points.isReal[place] === 1 ? shapes[1] : shapes[0];
      const colour = faint === 1 ? faded(look.colour[place] ?? 0) : (look.colour[place] ?? 0);
      const at = y * width + x;
      for (let part = 0; part < shape.length; part += 3) {
        const begin = at + (shape[part] ?? 0) * width + (shape[part + 1] ?? 0);
        pixels.fill(colour, begin, begin + (shape[part + 2] ?? 0));
      }
    }
  }
}

/** As a canvas keeps it in a Uint32Array, opaque; every machine that runs a browser is little-endian. */
export function packed([red, green, blue]: Colour): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function faded(colour: number): number {
  return ((colour & 0xffffff) | (FAINT_ALPHA << 24)) >>> 0;
}

/** "#2566af" -> its parts. */
export function colourOf(hex: string): Colour {
  const number = Number.parseInt(hex.trim().slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

/** A colour for each class: neighbours in the list are far from each other on the wheel, dark ground gets light ones. */
export function classColour(label: number, isDark: boolean): Colour {
  const hue = (label * 137.508) % 360;
  return fromHsl(hue, label % 20 < 10 ? 0.65 : 0.35, isDark ? 0.66 : 0.4);
}

function fromHsl(hue: number, saturation: number, lightness: number): Colour {
  const part = (offset: number) => {
    const k = (offset + hue / 30) % 12;
    const reach = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

type Shape = (x: number, y: number, radius: number) => boolean;

const isDisc: Shape = (x, y, radius) => x * x + y * y <= radius * radius;

const isOutline: Shape = (x, y, radius) => {
  const edge = Math.max(Math.abs(x), Math.abs(y));
  const side = Math.floor(radius);
  return edge <= side && edge > side - Math.max(1, Math.round(radius / 3));
};

/** The shape as horizontal runs around its middle: row, first column, length, and so on. */
function spansOf(radius: number, shape: Shape): Int32Array {
  const reach = Math.ceil(radius);
  const runs: number[] = [];
  for (let y = -reach; y <= reach; y += 1) {
    let begin: number | null = null;
    for (let x = -reach; x <= reach + 1; x += 1) {
      const isIn = x <= reach && shape(x, y, radius);
      if (isIn && begin === null) begin = x;
      if (!isIn && begin !== null) {
        runs.push(y, begin, x - begin);
        begin = null;
      }
    }
  }
  return Int32Array.from(runs);
}

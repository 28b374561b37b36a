import { classColour, colourOf, packed, type Look } from './paint';
import type { Points } from './points';

export type ColourBy = 'source' | 'class';
export type Shown = { real: boolean; samples: boolean };

/** A colour for each point, as it is painted. */
export function colouredBy(points: Points, by: ColourBy, isDark: boolean): Uint32Array {
  const colours = new Uint32Array(points.length);
  const [real, synthetic] = ['--real', '--synthetic'].map((name) => packed(colourOf(valueOf(name))));
  for (let place = 0; place < points.length; place += 1)
    colours[place] =
      by === 'class'
        ? packed(classColour(points.label[place] ?? 0, isDark))
        : ((points.isReal[place] === 1 ? real : synthetic) ?? 0);
  return colours;
}

/** 1 for each point that is not faint. */
export function markedIn({ faint }: Pick<Look, 'faint'>): Uint8Array {
  return faint.map((isFaint) => 1 - isFaint);
}

/** Faint is what lies outside the area or is of another class; hidden is a kind that is not to be shown. */
export function lookOf(
  points: Points,
  inArea: Uint8Array | null,
  label: number | null,
  shown: Shown,
): Pick<Look, 'faint' | 'hidden'> {
  const [faint, hidden] = [new Uint8Array(points.length), new Uint8Array(points.length)];
  for (let place = 0; place < points.length; place += 1) {
    const isOther = (label !== null && points.label[place] !== label) || (inArea !== null && inArea[place] !== 1);
    faint[place] = isOther ? 1 : 0;
    hidden[place] = (points.isReal[place] === 1 ? shown.real : shown.samples) ? 0 : 1;
  }
  return { faint, hidden };
}

function valueOf(property: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(property);
}

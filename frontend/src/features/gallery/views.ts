/** How a translation is seen beside what it was made from, in the viewer. */

export const SHOWINGS = [
  { name: 'beside', label: 'Side by side' },
  { name: 'slider', label: 'Slider' },
  { name: 'difference', label: 'Difference' },
] as const;

export type Showing = (typeof SHOWINGS)[number]['name'];

/** The way that follows; what is no way counts as the first. */
export function nextShowing(showing: Showing): Showing {
  const place = SHOWINGS.findIndex(({ name }) => name === showing);
  return SHOWINGS[(place + 1) % SHOWINGS.length]?.name ?? 'beside';
}

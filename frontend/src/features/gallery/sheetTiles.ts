/** The tiles of a sheet of edits: which one shows what is switched on, and what each is called. */

import type { Schemas } from '@/api/client';

type Sheet = Schemas['EditSheet'];

/** The tile of the image itself stands after those of all combinations. */
export function ownTile(sheet: Sheet): number {
  return sheet.combinations.length;
}

/** The tile of what the image has; the first one where nobody said of something whether it has it. */
export function firstTile(sheet: Sheet): number {
  return Math.max(
    0,
    sheet.combinations.findIndex((values) => values.every((value, place) => value === sheet.current[place])),
  );
}

/**
 * The tile that differs in one attribute, and in those that go because they never come together with one that comes; of
 * classes, the tile of that class.
 */
export function switched(sheet: Sheet, tile: number, place: number): number {
  if (sheet.are_classes) return place;
  const before = sheet.combinations[tile] ?? [];
  const gone = before[place] === 0 ? (sheet.excludes[place] ?? []) : [];
  const wanted = before.map((value, at) => (at === place ? 1 - value : gone.includes(at) ? 0 : value));
  return sheet.combinations.findIndex((values) => values.every((value, at) => value === wanted[at]));
}

/** Whether a tile shows attributes at once that never come together. */
export function isUnseen(sheet: Sheet, tile: number): boolean {
  const values = sheet.combinations[tile] ?? [];
  return values.some((value, at) => value === 1 && sheet.excludes[at]?.some((other) => values[other] === 1));
}

/** "green or blue": what goes where an attribute comes; "" for one that goes with all others. */
export function rivalsOf(sheet: Sheet, place: number): string {
  if (sheet.are_classes) return '';
  return (sheet.excludes[place] ?? []).map((other) => sheet.attributes[other] ?? '').join(' or ');
}

/** "red, large", or what stands there without any. */
export function nameOf(sheet: Sheet, tile: number): string {
  if (tile === ownTile(sheet)) return 'the image';
  const on = sheet.attributes.filter((_, place) => sheet.combinations[tile]?.[place] === 1);
  return on.length === 0 ? 'none of them' : on.join(', ');
}

/** Column and row of a tile, and how many of each the sheet has. */
export function placeOf(sheet: Sheet, tile: number) {
  return {
    column: tile % sheet.columns,
    row: Math.floor(tile / sheet.columns),
    columns: sheet.columns,
    rows: Math.ceil((sheet.combinations.length + 1) / sheet.columns),
  };
}

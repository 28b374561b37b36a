/** Small pictures come in sheets, so that a screen of them is one or two requests and not a hundred. */

export const ON_SHEET = 50;
export const SHEET_COLUMNS = 10;

/** A sample's part of a sheet: the rows of the pool that are on it, how many stand beside each other, and its place. */
export type SheetPart = { rows: string; columns: number; lines: number; column: number; line: number };

/** Where the sample at `place` of a list stands; `indexes` are the rows of the pool of all that is listed. */
export function sheetPart(indexes: number[], place: number): SheetPart {
  const first = place - (place % ON_SHEET);
  const own = indexes.slice(first, first + ON_SHEET);
  return {
    rows: own.join('.'),
    columns: Math.min(own.length, SHEET_COLUMNS),
    lines: Math.ceil(own.length / SHEET_COLUMNS),
    column: (place - first) % SHEET_COLUMNS,
    line: Math.floor((place - first) / SHEET_COLUMNS),
  };
}

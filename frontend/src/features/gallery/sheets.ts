/** Small pictures come in sheets, so that a screen of them is one or two requests and not a hundred. */

export const ON_SHEET = 50;
export const SHEET_COLUMNS = 10;

/** A sample's part of a sheet: the rows of the pool that are on it, how many stand beside each other, and its place. */
export type SheetPart = { rows: string; columns: number; lines: number; column: number; line: number };

/** The rows of the pool that are on the sheet of each place of a list; a sheet is written down once. */
export function sheetsOf(listed: readonly { index: number }[]): (place: number) => string {
  const made = new Map<number, string>();
  return (place) => {
    const first = place - (place % ON_SHEET);
    const known = made.get(first);
    if (known !== undefined) return known;
    const rows = listed
      .slice(first, first + ON_SHEET)
      .map(({ index }) => index)
      .join('.');
    made.set(first, rows);
    return rows;
  };
}

/** Where the sample at `place` of a list stands on its sheet of these rows. */
export function sheetPart(rows: string, place: number): SheetPart {
  const size = rows.split('.').length;
  const on = place % ON_SHEET;
  return {
    rows,
    columns: Math.min(size, SHEET_COLUMNS),
    lines: Math.ceil(size / SHEET_COLUMNS),
    column: on % SHEET_COLUMNS,
    line: Math.floor(on / SHEET_COLUMNS),
  };
}

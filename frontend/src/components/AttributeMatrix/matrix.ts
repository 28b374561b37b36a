/** Numbers from 0 to 1 for each two of some names, as a recipe holds them: JSON text, "" for those that were counted. */

export type Matrix = readonly (readonly number[])[];
export type Place = { row: number; column: number };

/** How far a key moves a number. */
const STEP = 0.05;
/** Rows that Page Up and Page Down pass over. */
const PAGE = 5;
const PRECISION = 10_000;

/** What was counted as numbers: nothing of what never occurs, 1 for each with itself; `null`: names are classes. */
export function countedFrom(matrix: readonly (readonly (number | null)[])[] | null, size: number): Matrix {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => (row === column ? 1 : rounded(matrix?.[row]?.[column] ?? 0))),
  );
}

/** The numbers that a text holds, or null where it is none of this size. */
export function readMatrix(text: string, counted: Matrix): Matrix | null {
  if (text.trim() === '') return counted;
  const rows = parsed(text);
  const isRow = (row: unknown) => Array.isArray(row) && row.length === counted.length && row.every(isShare);
  return Array.isArray(rows) && rows.length === counted.length && rows.every(isRow) ? (rows as Matrix) : null;
}

/** The text that holds these numbers. */
export function writeMatrix(matrix: Matrix, counted: Matrix): string {
  return numChanged(matrix, counted) === 0 ? '' : JSON.stringify(matrix);
}

export function withCell(matrix: Matrix, { row, column }: Place, value: number): Matrix {
  return matrix.map((own, at) => (at === row ? own.map((old, place) => (place === column ? value : old)) : own));
}

export function cellOf(matrix: Matrix, { row, column }: Place): number {
  return matrix[row]?.[column] ?? 0;
}

export function numChanged(matrix: Matrix, counted: Matrix): number {
  return matrix.reduce((sum, row, at) => sum + row.filter((value, place) => value !== counted[at]?.[place]).length, 0);
}

/** What a person typed as a number from 0 to 1, or null. */
export function shareFrom(typed: string | number): number | null {
  const value = typeof typed === 'number' ? typed : typed.trim() === '' ? NaN : Number(typed);
  return isShare(value) ? rounded(value) : null;
}

/** The number that a key asks for, or null for a key that asks for none. */
export function valueAfter(key: string, value: number, counted: number): number | null {
  if (key === '+' || key === '=') return rounded(Math.min(1, value + STEP));
  if (key === '-') return rounded(Math.max(0, value - STEP));
  return key === 'Delete' || key === 'Backspace' ? counted : null;
}

/** Where a key leads, or null for a key that leads nowhere. */
export function placeAfter(key: string, { row, column }: Place, size: number): Place | null {
  const to = (down: number, along: number) => ({ row: within(down, size), column: within(along, size) });
  switch (key) {
    case 'ArrowUp':
      return to(row - 1, column);
    case 'ArrowDown':
      return to(row + 1, column);
    case 'ArrowLeft':
      return to(row, column - 1);
    case 'ArrowRight':
      return to(row, column + 1);
    case 'Home':
      return to(row, 0);
    case 'End':
      return to(row, size - 1);
    case 'PageUp':
      return to(row - PAGE, column);
    case 'PageDown':
      return to(row + PAGE, column);
    default:
      return null;
  }
}

/** "0", "0.31", "1" */
export function shareWords(value: number): string {
  return value === 0 || value === 1 ? String(value) : value.toFixed(2);
}

function within(place: number, size: number): number {
  return Math.max(0, Math.min(size - 1, place));
}

function rounded(value: number): number {
  return Math.round(value * PRECISION) / PRECISION;
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

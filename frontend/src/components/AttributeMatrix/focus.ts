/** The way between a map and the number of its chosen cell, which stand in one editor. */

export const EDITOR = 'data-matrix-editor';
export const NUMBER = 'data-cell-number';

/** The number that belongs to a map. */
export function numberBeside(map: Element): HTMLInputElement | null {
  return map.closest(`[${EDITOR}]`)?.querySelector<HTMLInputElement>(`input[${NUMBER}]`) ?? null;
}

/** The chosen cell of the map that a number belongs to. */
export function cellOfMap(number: Element): HTMLElement | null {
  return number.closest(`[${EDITOR}]`)?.querySelector<HTMLElement>('[role="gridcell"][aria-selected="true"]') ?? null;
}

/** Which samples are marked for a bulk act, and where a range begins. */

export type Marks = { ids: ReadonlySet<number>; anchor: number | null };

export const NO_MARKS: Marks = { ids: new Set(), anchor: null };

/** Mark or unmark one; the next range begins here. */
export function toggled(marks: Marks, place: number, order: number[]): Marks {
  const id = order[place];
  if (id === undefined) return marks;
  const ids = new Set(marks.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: place };
}

/** Everything from the anchor to here is marked, too; without an anchor only this one. */
export function extended(marks: Marks, place: number, order: number[]): Marks {
  const start = marks.anchor ?? place;
  const [low, high] = start <= place ? [start, place] : [place, start];
  return { ids: new Set([...marks.ids, ...order.slice(low, high + 1)]), anchor: start };
}

/** What is not marked is marked, and the other way round. */
export function inverted(marks: Marks, order: number[]): Marks {
  return { ids: new Set(order.filter((id) => !marks.ids.has(id))), anchor: null };
}

/** Everything that is loaded. */
export function all(order: number[]): Marks {
  return { ids: new Set(order), anchor: null };
}

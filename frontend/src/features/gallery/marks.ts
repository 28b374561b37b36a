/** Which samples are marked for a bulk act, and where a range begins. */

export type Marks = {
  ids: ReadonlySet<number>;
  anchor: number | null;
  /** Whether also what matches the filter and is not loaded yet is meant. */
  everything: boolean;
};

export const NO_MARKS: Marks = { ids: new Set(), anchor: null, everything: false };

/** Mark or unmark one; the next range begins here. */
export function toggled(marks: Marks, place: number, order: number[]): Marks {
  const id = order[place];
  if (id === undefined) return marks;
  const ids = new Set(marks.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: place, everything: false };
}

/** Everything from the anchor to here is marked, too; without an anchor only this one. */
export function extended(marks: Marks, place: number, order: number[]): Marks {
  const start = marks.anchor ?? place;
  const [low, high] = start <= place ? [start, place] : [place, start];
  return { ids: new Set([...marks.ids, ...order.slice(low, high + 1)]), anchor: start, everything: false };
}

/** What is not marked is marked, and the other way round. */
export function inverted(marks: Marks, order: number[]): Marks {
  return { ...NO_MARKS, ids: new Set(order.filter((id) => !marks.ids.has(id))) };
}

/** Everything that is loaded. */
export function all(order: number[]): Marks {
  return { ...NO_MARKS, ids: new Set(order) };
}

/** Everything that matches, loaded or not. */
export function everything(order: number[]): Marks {
  return { ...all(order), everything: true };
}

/** Which training image stands above which column of the sample wall. */

type Column = { class: string };

/** Class -> how many columns show it. */
export function columnsOfClasses(columns: Column[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const column of columns) found.set(column.class, (found.get(column.class) ?? 0) + 1);
  return found;
}

/** For each column the next image of its class, no image twice; null where the class has no more. */
export function underColumns<T>(columns: Column[], imagesOf: (name: string) => T[]): (T | null)[] {
  const used = new Map<string, number>();
  return columns.map(({ class: name }) => {
    const place = used.get(name) ?? 0;
    used.set(name, place + 1);
    return imagesOf(name)[place] ?? null;
  });
}

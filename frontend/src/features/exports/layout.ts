/** Split -> class -> images. */
export type Counts = Record<string, Record<string, number>>;

/** depth: folders above; images: how many of them are behind this name, where it is theirs. */
export type Line = { depth: number; name: string; images: number | null };

/** Written into every export. */
const AT_THE_ROOT = ['README.md', 'manifest.jsonl', 'provenance.json', 'SHA256SUMS'];

/** Real images of every split that the layout has, with the synthetic ones in the training split. */
export function together(real: Counts, synthetic: Record<string, number>, splits: string[]): Counts {
  const found: Counts = {};
  for (const split of splits) {
    const counts = { ...real[split] };
    if (split === 'train')
      for (const [name, number] of Object.entries(synthetic)) counts[name] = (counts[name] ?? 0) + number;
    if (total(counts) > 0) found[split] = counts;
  }
  return found;
}

/** The files of an export before it is built: paths of a layout with splits and classes filled in. At most `most` classes of a split are named. */
export function linesOf(layout: string[], counts: Counts, most: number): Line[] {
  const ofSplits = layout.filter((path) => path.includes('{split}'));
  const others = layout.filter((path) => !path.includes('{split}'));
  const all = Object.values(counts).reduce((sum, classes) => sum + total(classes), 0);
  return [
    ...Object.entries(counts).flatMap(([split, classes]) => splitLines(ofSplits, split, classes, most)),
    ...others.map((name) => ({ depth: 0, name, images: name.includes('*') ? all : null })),
    ...AT_THE_ROOT.map((name) => ({ depth: 0, name, images: null })),
  ];
}

function splitLines(layout: string[], split: string, classes: Record<string, number>, most: number): Line[] {
  const folder = '{split}/';
  const inside = layout.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
  const beside = layout.filter((path) => !path.startsWith(folder));
  return [
    ...(inside.length > 0 ? [{ depth: 0, name: `${split}/`, images: null }] : []),
    ...inside.flatMap((path) =>
      path.startsWith('{class}/') ? classLines(classes, most) : [{ depth: 1, name: path, images: null }],
    ),
    ...beside.map((path) => ({ depth: 0, name: path.replace('{split}', split), images: total(classes) })),
  ];
}

function classLines(classes: Record<string, number>, most: number): Line[] {
  const named = Object.entries(classes).sort(([one], [other]) => one.localeCompare(other));
  const rest = Object.fromEntries(named.slice(most));
  const lines = named.slice(0, most).map(([name, images]) => ({ depth: 1, name: `${name}/`, images }));
  if (named.length <= most) return lines;
  return [...lines, { depth: 1, name: `${named.length - most} more classes`, images: total(rest) }];
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, number) => sum + number, 0);
}

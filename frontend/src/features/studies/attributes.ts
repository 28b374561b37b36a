import type { Schemas } from '@/api/client';

export type AttributeResult = Schemas['AttributeResult'];
type Art = Schemas['ArtResult'];
type Spread = Schemas['Spread'];
type Published = Schemas['PublishedArt'];

const MAX_SHOWN = 80;

/** An art as it stands in a line or a sentence: one may hold a matrix. */
export function shortened(line: string): string {
  return line.length <= MAX_SHOWN ? line : `${line.slice(0, MAX_SHOWN - 1)}…`;
}

/** What an art is called: a published one by its title, another as it was written, shortened. */
export function artTitle(line: string, published: Published[]): string {
  return published.find((one) => one.line === line)?.title ?? shortened(line);
}

/** The arts with the highest average first; those of which nothing was measured last. */
export function ranked(arts: Art[]): Art[] {
  return [...arts].sort((one, other) => (other.average.mean ?? -1) - (one.average.mean ?? -1));
}

/** What is said beside each art once the table is whole: the best one, or all that nothing tells apart from the first. */
export function marks({
  arts,
  best,
  sentence,
}: Pick<AttributeResult, 'arts' | 'best' | 'sentence'>): Map<string, string> {
  if (best !== null) return new Map([[best, 'best']]);
  const [first, ...others] = ranked(arts);
  const low = first?.average.low ?? null;
  if (sentence === '' || first === undefined || low === null) return new Map();
  const near = others.filter(({ average }) => average.mean !== null && (average.high === null || average.high >= low));
  if (near.length === 0) return new Map();
  return new Map([first, ...near].map(({ name }) => [name, 'not told apart']));
}

/** The mean of those that are known, or null. */
export function meanOf(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The table as a spreadsheet reads it; shares from 0 to 1, an empty cell where nothing was measured. */
export function csvOf({ names, classifier, arts }: Pick<AttributeResult, 'names' | 'classifier' | 'arts'>): string {
  const parts = ['', ' low', ' high'];
  const head = [...names, 'average', 'identity', 'reconstruction'].flatMap((name) => parts.map((part) => name + part));
  const real = [...classifier, meanOf(classifier)].flatMap((value) => [value, null, null]);
  const rows = [
    ['art', 'seeds', ...head],
    ['classifier on real images', null, ...real, ...Array.from({ length: 6 }, () => null)],
    ...arts.map((art) => {
      const cells = [...art.by_attribute, art.average, art.identity, art.reconstruction];
      return [art.name, art.num_seeds, ...cells.flatMap(({ mean, low, high }: Spread) => [mean, low, high])];
    }),
  ];
  return rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  const text = String(value);
  if (typeof value === 'number') return text;
  // A spreadsheet would carry out a name that begins like a formula.
  const harmless = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

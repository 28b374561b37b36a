import { count, plural } from '@/components/format';
import type { Schemas } from '@/api/client';

/** What the next version is to have other than this one; images by their index. What is said of an image goes before
 * what is said of its class, but an image of an excluded class is excluded.
 */
export type Edits = {
  excluded: ReadonlySet<number>;
  /** Index -> new label. */
  relabelled: ReadonlyMap<number, string>;
  /** Class -> what becomes of it: another name, perhaps that of another class, or null: it is excluded. */
  classes: ReadonlyMap<string, string | null>;
  resplit: Resplit | null;
};

/** Shares of train, val and test in per cent. */
export type Resplit = { seed: number; shares: readonly [number, number, number] };

export const NO_EDITS: Edits = { excluded: new Set(), relabelled: new Map(), classes: new Map(), resplit: null };

export function isEmpty(edits: Edits): boolean {
  return edits.excluded.size === 0 && edits.relabelled.size === 0 && edits.classes.size === 0 && edits.resplit === null;
}

/** With these images taken out; what was to be done with them before is forgotten. */
export function excluding(edits: Edits, images: Iterable<number>): Edits {
  const { relabelled, ...rest } = without(edits, images);
  return { ...rest, relabelled, excluded: new Set([...rest.excluded, ...images]) };
}

/** With another label for these images. */
export function relabelling(edits: Edits, images: Iterable<number>, label: string): Edits {
  const rest = without(edits, images);
  const relabelled = new Map(rest.relabelled);
  for (const index of images) relabelled.set(index, label);
  return { ...rest, relabelled };
}

/** With these images as they are. */
export function without(edits: Edits, images: Iterable<number>): Edits {
  const gone = new Set(images);
  return {
    ...edits,
    excluded: new Set([...edits.excluded].filter((index) => !gone.has(index))),
    relabelled: new Map([...edits.relabelled].filter(([index]) => !gone.has(index))),
  };
}

/** With another name for a class, without it (null), or with it as it is (its own name). */
export function changingClass(edits: Edits, name: string, fate: string | null): Edits {
  const changed = new Map(edits.classes);
  if (fate === name) changed.delete(name);
  else changed.set(name, fate);
  return { ...edits, classes: changed };
}

/** What becomes of an image: its label in the next version, null when it is not in it. */
export function fateOf(
  { excluded, relabelled, classes }: Edits,
  image: { index: number; label: string },
): string | null {
  const ofClass = classes.get(image.label);
  if (excluded.has(image.index) || ofClass === null) return null;
  return relabelled.get(image.index) ?? ofClass ?? image.label;
}

/** "cat is excluded", "cat is merged into dog", "cat is renamed feline" */
export function classInWords(name: string, fate: string | null, classNames: readonly string[]): string {
  if (fate === null) return `${name} is excluded`;
  return classNames.includes(fate) ? `${name} is merged into ${fate}` : `${name} is renamed ${fate}`;
}

/** "3 images excluded, 1 relabelled, splits drawn anew" */
export function inWords(edits: Edits): string {
  const { excluded, relabelled, classes, resplit } = edits;
  const gone = [...classes.values()].filter((fate) => fate === null).length;
  const renamed = classes.size - gone;
  return [
    excluded.size > 0 ? `${plural(excluded.size, 'image')} excluded` : '',
    relabelled.size > 0 ? `${plural(relabelled.size, 'image')} relabelled` : '',
    gone > 0 ? `${plural(gone, 'class', 'classes')} excluded` : '',
    renamed > 0 ? `${plural(renamed, 'class', 'classes')} renamed or merged` : '',
    resplit === null ? '' : `splits drawn anew as ${resplit.shares.map((share) => count(share)).join(' / ')} %`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** As the service takes it. */
export function bodyOf(edits: Edits, base: string): Schemas['NewVersionRequest'] {
  const byLabel = new Map<string, { images: number[]; classes: string[] }>();
  const part = (label: string) => {
    const found = byLabel.get(label) ?? { images: [], classes: [] };
    byLabel.set(label, found);
    return found;
  };
  for (const [index, label] of edits.relabelled) part(label).images.push(index);
  for (const [name, fate] of edits.classes) if (fate !== null) part(fate).classes.push(name);
  const gone = [...edits.classes].flatMap(([name, fate]) => (fate === null ? [name] : []));
  const resplit = edits.resplit;
  return {
    base,
    ...(edits.excluded.size > 0 || gone.length > 0 ? { exclude: { images: [...edits.excluded], classes: gone } } : {}),
    ...(byLabel.size > 0 ? { relabel: [...byLabel].map(([label, chosen]) => ({ label, ...chosen })) } : {}),
    ...(resplit === null
      ? {}
      : { resplit: { seed: resplit.seed, fractions: resplit.shares.map((share) => share / 100) } }),
  };
}

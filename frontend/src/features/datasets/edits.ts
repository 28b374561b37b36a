import { count, plural } from '@/components/format';
import type { Schemas } from '@/api/client';

/** What the next version is to have other than this one; images by their index. */
export type Edits = {
  excluded: ReadonlySet<number>;
  /** Index -> new label. */
  relabelled: ReadonlyMap<number, string>;
  resplit: Resplit | null;
};

/** Shares of train, val and test in per cent. */
export type Resplit = { seed: number; shares: readonly [number, number, number] };

export const NO_EDITS: Edits = { excluded: new Set(), relabelled: new Map(), resplit: null };

export function isEmpty(edits: Edits): boolean {
  return edits.excluded.size === 0 && edits.relabelled.size === 0 && edits.resplit === null;
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

/** "3 images excluded, 1 relabelled, splits drawn anew" */
export function inWords(edits: Edits): string {
  const { excluded, relabelled, resplit } = edits;
  return [
    excluded.size > 0 ? `${plural(excluded.size, 'image')} excluded` : '',
    relabelled.size > 0 ? `${plural(relabelled.size, 'image')} relabelled` : '',
    resplit === null ? '' : `splits drawn anew as ${resplit.shares.map((share) => count(share)).join(' / ')} %`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** As the service takes it. */
export function bodyOf(edits: Edits, base: string): Schemas['NewVersionRequest'] {
  const byLabel = new Map<string, number[]>();
  for (const [index, label] of edits.relabelled) byLabel.set(label, [...(byLabel.get(label) ?? []), index]);
  const resplit = edits.resplit;
  return {
    base,
    ...(edits.excluded.size > 0 ? { exclude: { images: [...edits.excluded] } } : {}),
    ...(byLabel.size > 0 ? { relabel: [...byLabel].map(([label, images]) => ({ label, images })) } : {}),
    ...(resplit === null
      ? {}
      : { resplit: { seed: resplit.seed, fractions: resplit.shares.map((share) => share / 100) } }),
  };
}

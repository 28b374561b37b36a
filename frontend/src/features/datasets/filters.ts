/** Which images of a version are shown, as it stands in the page's address: reload, share and back lead to the same. */
import { useSearchParams } from 'react-router';
import { count, words } from '@/components/format';
import { attributeInWords } from './attributes';
import { isIssue, type Issue } from './issues';
import { SPLITS, type Split } from './words';

/** From the first value, below the second. */
export type Range = readonly [number, number];

export type Filters = {
  label: string | null;
  split: Split | null;
  issue: Issue | null;
  /** An attribute's name, a colon, and one of the signs of `attributes.ts`. */
  attribute: string | null;
  /** Mean grey, 0 to 255. */
  brightness: Range | null;
  /** The longer side, in pixels. */
  side: Range | null;
};

export const NO_FILTERS: Filters = {
  label: null,
  split: null,
  issue: null,
  attribute: null,
  brightness: null,
  side: null,
};

/** The filters of the address, and how they are changed. */
export function useFilters(): [Filters, (part: Partial<Filters>) => void] {
  const [search, setSearch] = useSearchParams();
  const filters = readFilters(search);
  return [
    filters,
    (part) => setSearch(writeFilters(search, { ...filters, ...part }), { replace: true, preventScrollReset: true }),
  ];
}

export function readFilters(search: URLSearchParams): Filters {
  const split = search.get('split');
  const issue = search.get('issue');
  return {
    label: search.get('label'),
    split: SPLITS.find((one) => one === split) ?? null,
    issue: isIssue(issue) ? issue : null,
    attribute: search.get('attribute'),
    brightness: readRange(search.get('brightness')),
    side: readRange(search.get('side')),
  };
}

/** The address with these filters; parameters that are no filter stay. */
export function writeFilters(search: URLSearchParams, filters: Filters): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(filters)) {
    if (value === null) next.delete(name);
    else next.set(name, typeof value === 'string' ? value : value.join('-'));
  }
  return next;
}

export function isFiltered(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== null);
}

/** As the service takes it. */
export function queryOf({ label, split, issue, attribute, brightness, side }: Filters) {
  return {
    ...(label === null ? {} : { label }),
    ...(split === null ? {} : { split }),
    ...(issue === null ? {} : { issue }),
    ...(attribute === null ? {} : { attribute }),
    ...(brightness === null ? {} : { brightness_from: brightness[0], brightness_to: brightness[1] }),
    ...(side === null ? {} : { side_from: side[0], side_to: side[1] }),
  };
}

/** What the filters ask for beside class and split, in words, each under its name. */
export function inWords({ issue, attribute, brightness, side }: Filters): { name: keyof Filters; text: string }[] {
  const found: { name: keyof Filters; text: string }[] = [];
  if (issue !== null) found.push({ name: 'issue', text: words(issue) });
  if (attribute !== null) found.push({ name: 'attribute', text: attributeInWords(attribute) });
  if (brightness !== null) found.push({ name: 'brightness', text: `brightness ${rangeInWords(brightness)}` });
  if (side !== null) found.push({ name: 'side', text: `longer side ${rangeInWords(side)} pixels` });
  return found;
}

/** [28, 29] -> "28", [256, 512] -> "256 to 511" */
export function rangeInWords([low, high]: Range): string {
  return high - low === 1 ? count(low) : `${count(low)} to ${count(high - 1)}`;
}

function readRange(text: string | null): Range | null {
  const [, low, high] = /^(\d{1,6})-(\d{1,6})$/.exec(text ?? '') ?? [];
  return low === undefined || high === undefined || Number(low) >= Number(high) ? null : [Number(low), Number(high)];
}

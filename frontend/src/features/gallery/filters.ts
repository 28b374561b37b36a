/** What the gallery shows, as it stands in the page's address: reload, share and back lead to the same samples. */

import { readArea } from './map/area';

export const STANDINGS = ['undecided', 'accepted', 'rejected'] as const;
export type Standing = (typeof STANDINGS)[number];

/** What can be asked of the mean of people's ratings: name in the address -> words and bounds, both included. */
export const RATINGS = {
  rated: { label: 'Rated', from: 1, to: 5 },
  '5': { label: 'Rated 5', from: 5, to: 5 },
  from4: { label: 'Rated 4 and more', from: 4, to: 5 },
  from3: { label: 'Rated 3 and more', from: 3, to: 5 },
  to2: { label: 'Rated 2 and less', from: 1, to: 2 },
} as const;
export type RatingFilter = keyof typeof RATINGS;

export type Filters = {
  /** Id of a selection; null: the run's own. */
  selection: string | null;
  /** A class. */
  label: string | null;
  standing: Standing | null;
  /** Kept or dropped by the selection; null: both. */
  kept: boolean | null;
  memorised: boolean | null;
  /** Accepted by somebody and rejected by somebody else. */
  disputed: boolean | null;
  rating: RatingFilter | null;
  /** With a star of one's own. */
  starred: boolean | null;
  /** `index`, `score:<name>` or `rating` (lowest first), with `-` in front the highest first. */
  sort: string;
  /** Between these, both included, must the score lie that is sorted by; null: no bound. */
  low: number | null;
  high: number | null;
  /** Per cent of the pool, in the order sorted by, that is passed over; null: from the beginning. */
  at: number | null;
  /** A polygon on the map, as `map/area.ts` writes it; null: everywhere. */
  area: string | null;
};

export const DEFAULT_FILTERS: Filters = {
  selection: null,
  label: null,
  standing: null,
  kept: true,
  memorised: null,
  disputed: null,
  rating: null,
  starred: null,
  sort: 'index',
  low: null,
  high: null,
  at: null,
  area: null,
};

export function readFilters(search: URLSearchParams): Filters {
  const standing = search.get('standing');
  return {
    selection: search.get('selection'),
    label: search.get('label'),
    standing: isStanding(standing) ? standing : null,
    kept: readFlag(search.get('kept'), DEFAULT_FILTERS.kept),
    memorised: readFlag(search.get('memorised'), DEFAULT_FILTERS.memorised),
    disputed: readFlag(search.get('disputed'), DEFAULT_FILTERS.disputed),
    rating: readRating(search.get('rating')),
    starred: readFlag(search.get('starred'), DEFAULT_FILTERS.starred),
    sort: /^-?(score:\w+|rating)$/.test(search.get('sort') ?? '') ? (search.get('sort') ?? 'index') : 'index',
    low: readNumber(search.get('low')),
    high: readNumber(search.get('high')),
    at: readPercent(search.get('at')),
    area: readArea(search.get('area')) === null ? null : search.get('area'),
  };
}

/** The address with these filters; what is as usual is left out. Parameters that are no filter stay. */
export function writeFilters(search: URLSearchParams, filters: Filters): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(filters)) {
    if (value === DEFAULT_FILTERS[name as keyof Filters]) next.delete(name);
    else next.set(name, value === null ? 'any' : String(value));
  }
  return next;
}

/** How many filters are not as usual. */
export function countChanged(filters: Filters): number {
  const names = [
    'label',
    'standing',
    'kept',
    'memorised',
    'disputed',
    'rating',
    'starred',
    'low',
    'high',
    'at',
    'area',
  ] as const;
  return names.filter((name) => filters[name] !== DEFAULT_FILTERS[name]).length;
}

type Facts = { num_samples: number; class_counts: Record<string, number> };
type Yields = Record<string, { kept: number }>;

/** How many samples match, where the pool's own counters say so; null where only the loaded ones can be counted. */
export function totalOf(filters: Filters, pool: Facts, yields: Yields | undefined): number | null {
  const { label, kept, standing, memorised, disputed, rating, starred, low, high, at, sort, area } = filters;
  if ([standing, memorised, disputed, rating, starred, low, high, at, area].some((part) => part !== null)) return null;
  if (isByRating(sort)) return null;
  const candidates = label === null ? pool.num_samples : (pool.class_counts[label] ?? 0);
  if (kept === null) return candidates;
  if (yields === undefined || Object.keys(yields).length === 0) return null;
  const names = label === null ? Object.keys(yields) : [label];
  const chosen = names.reduce((sum, name) => sum + (yields[name]?.kept ?? 0), 0);
  return kept ? chosen : candidates - chosen;
}

/** Whether only what is rated is listed, in the order of the ratings. */
export function isByRating(sort: string): boolean {
  return sort === 'rating' || sort === '-rating';
}

function readRating(text: string | null): RatingFilter | null {
  return text !== null && text in RATINGS ? (text as RatingFilter) : null;
}

function readNumber(text: string | null): number | null {
  return text === null || text.trim() === '' || !Number.isFinite(Number(text)) ? null : Number(text);
}

function readPercent(text: string | null): number | null {
  const number = readNumber(text);
  return number !== null && number > 0 && number <= 100 ? number : null;
}

function readFlag(text: string | null, usual: boolean | null): boolean | null {
  if (text === 'true') return true;
  if (text === 'false') return false;
  return text === 'any' ? null : usual;
}

function isStanding(text: string | null): text is Standing {
  return (STANDINGS as readonly string[]).includes(text ?? '');
}

/** What of a page of curves stands in its address: reload, share and back lead to the same view. */

import { useSearchParams } from 'react-router';
import type { Steps } from '@/components/Curve';
import { LETTERS } from '@/components/inks';

export type View = {
  /** Ids of the runs that are compared; on a run's own page, of those beside it. */
  runs: string[];
  /** The steps that are shown; null: all. */
  steps: Steps | null;
};

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** As many runs as one chart can tell apart. */
export const MOST_RUNS = LETTERS.length;

/** The view of the address, and how it is changed. `own` is the run whose page it is; it is beside itself never. */
export function useView(own?: string): [View, (part: Partial<View>) => void] {
  const [search, setSearch] = useSearchParams();
  const view = readView(search, own);
  return [
    view,
    // At once: a key that is held down counts on from the steps that stand there.
    (part) =>
      setSearch(writeView(search, { ...view, ...part }), { replace: true, preventScrollReset: true, flushSync: true }),
  ];
}

/** What of it makes sense: each run once, no more than can be told apart, steps that rise. */
export function readView(search: URLSearchParams, own?: string): View {
  const ids = (search.get('with') ?? '').split(',').filter((id) => ID.test(id) && id !== own);
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(search.get('steps') ?? '') ?? [];
  return {
    runs: [...new Set(ids)].slice(0, own === undefined ? MOST_RUNS : MOST_RUNS - 1),
    steps: from === undefined || to === undefined || Number(from) >= Number(to) ? null : [Number(from), Number(to)],
  };
}

/** The address with this view; other parameters stay. */
export function writeView(search: URLSearchParams, { runs, steps }: View): URLSearchParams {
  const next = new URLSearchParams(search);
  if (runs.length === 0) next.delete('with');
  else next.set('with', runs.join(','));
  if (steps === null) next.delete('steps');
  else next.set('steps', steps.join('-'));
  return next;
}

/** The page that compares these runs. */
export function comparisonOf(ids: string[]): string {
  return `/runs/compare?with=${ids.join(',')}`;
}

import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
  type InfiniteData,
} from '@tanstack/react-query';
import { useMemo } from 'react';
import { cursorOf, http, take, type Schemas } from '@/api/client';
import { RATINGS, type Filters } from './filters';

export type Sample = Schemas['Sample'];
export type Value = 'accept' | 'reject' | null;
/** What becomes of one's own opinion; what is left out stays. A rating of 0 clears. */
export type Change = { value: Value } | { rating: number } | { starred: boolean };
export type Match = ReturnType<typeof matchOf>;
/** Samples by their ids, or all that match. */
export type Target = { ids: number[] } | { filter: Match };
type Pages = InfiniteData<Schemas['SamplePage'], string | null>;

/** The first page is seen soon, the others bring more at once. */
const FIRST_PAGE = 200;
const NEXT_PAGE = 500;

function keyOf(pool: string, filters: Filters, selection: string) {
  return ['samples', pool, { ...filters, selection }] as const;
}

/** The samples that match, page by page as the reader comes near the end of what is loaded. */
export function useSamples(pool: string, filters: Filters, selection: string) {
  // Nothing but what is drawn is taken of the query, so that the page rests while more is on its way.
  const { data, error, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: keyOf(pool, filters, selection),
    queryFn: ({ pageParam, signal }) =>
      take(
        http.GET('/api/v1/pools/{id}/samples/', {
          params: {
            path: { id: pool },
            query: {
              ...queryOf(filters, selection),
              cursor: pageParam ?? '',
              limit: pageParam === null ? FIRST_PAGE : NEXT_PAGE,
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => cursorOf(page.next),
    placeholderData: keepPreviousData,
    // Each further page would be compared with all before it, field by field.
    structuralSharing: false,
    staleTime: 30_000,
    // Dozens of pages may be loaded, and a look at another window changes none of them.
    refetchOnWindowFocus: false,
  });
  const samples = useMemo(() => data?.pages.flatMap((page) => page.results), [data]);
  return { samples, error, hasNextPage, fetchNextPage, refetch };
}

function queryOf(filters: Filters, selection: string) {
  const { sort, at } = filters;
  return { ...matchOf(filters, selection), sort, ...(at === null ? {} : { at: at / 100 }) };
}

/** Whether a score orders the list, so that it can be asked to lie between two values. */
export function isByScore(sort: string): boolean {
  return sort.includes('score:');
}

/** The filter as the server reads it. */
export function matchOf(filters: Filters, selection: string) {
  const { label, standing, kept, memorised, disputed, rating, starred, sort, low, high, area } = filters;
  const isRange = isByScore(sort) && (low !== null || high !== null);
  return {
    ...(selection === '' ? {} : { selection }),
    ...(label === null ? {} : { label }),
    ...(standing === null ? {} : { standing }),
    ...(kept === null ? {} : { kept }),
    ...(memorised === null ? {} : { memorised }),
    ...(disputed === null ? {} : { disputed }),
    ...(rating === null ? {} : { rating_from: RATINGS[rating].from, rating_to: RATINGS[rating].to }),
    ...(starred === null ? {} : { starred }),
    ...(area === null ? {} : { area }),
    ...(isRange ? { score: sort.replace(/^-?score:/, '') } : {}),
    ...(isRange && low !== null ? { low } : {}),
    ...(isRange && high !== null ? { high } : {}),
  };
}

/**
 * Verdicts, seen at once and then as the server has them. Samples stay where they are even when they no longer match
 * the filter, so that nothing jumps under the reader; the next visit shows the filter's truth.
 */
export function useVerdicts(pool: string) {
  const queries = useQueryClient();
  const all = { queryKey: ['samples', pool] };
  const poolKey = ['get', '/api/v1/pools/{id}/', { params: { path: { id: pool } } }];
  const mutationKey = ['verdicts', pool];
  const patch = (change: (sample: Sample) => Sample) =>
    queries.setQueriesData<Pages>(all, (before) => before && patched(before, change));

  const settle = (act: Schemas['Act']) => {
    const changed = new Map(act.samples.map((one) => [one.id, one]));
    if (act.num_changed > act.samples.length) void queries.invalidateQueries(all);
    else patch((sample) => (changed.has(sample.id) ? { ...sample, ...changed.get(sample.id) } : sample));
    queries.setQueryData<Schemas['Pool']>(
      poolKey,
      (before) => before && { ...before, num_accepted: act.num_accepted, num_rejected: act.num_rejected },
    );
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/pools/{id}/agreement/'] });
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/samples/{id}/'] });
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/samples/{id}/history/'] });
    // The counts by class come with the pool; once, after the last of several quick verdicts.
    if (queries.isMutating({ mutationKey }) <= 1) void queries.invalidateQueries({ queryKey: poolKey });
  };

  const decide = useMutation({
    mutationKey,
    mutationFn: ({ target, change }: { target: Target; change: Change }) =>
      take(
        http.POST('/api/v1/pools/{id}/verdicts/', {
          params: { path: { id: pool } },
          body: { ...target, ...change, reason: '' },
        }),
      ),
    onMutate: ({ target, change }) => {
      const touched = new Set('ids' in target ? target.ids : []);
      patch((sample) => (touched.has(sample.id) ? { ...sample, ...seen(change) } : sample));
    },
    onSuccess: settle,
    // What was shown ahead of the answer is not true: ask again.
    onError: () => queries.invalidateQueries(all),
    // One after the other: the last key pressed is the last one stored.
    scope: { id: `verdicts ${pool}` },
  });
  const undo = useMutation({
    mutationKey,
    mutationFn: () => take(http.POST('/api/v1/pools/{id}/verdicts/undo/', { params: { path: { id: pool } } })),
    onSuccess: settle,
    scope: { id: `verdicts ${pool}` },
  });
  const bringIn = useMutation({
    mutationKey,
    mutationFn: async (file: File) =>
      take(
        http.POST('/api/v1/pools/{id}/verdicts/import/', {
          params: { path: { id: pool } },
          body: { csv: await file.text() },
        }),
      ),
    onSuccess: settle,
    scope: { id: `verdicts ${pool}` },
  });
  return { decide, undo, bringIn };
}

/** How a sample looks with the change. */
function seen(change: Change): Partial<Sample> {
  if ('value' in change) return { verdict: change.value };
  return 'rating' in change ? { rating: change.rating === 0 ? null : change.rating } : change;
}

function patched(pages: Pages, change: (sample: Sample) => Sample): Pages {
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, results: page.results.map(change) })) };
}

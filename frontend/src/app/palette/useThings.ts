import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { cursorOf, http, take, type Schemas } from '@/api/client';
import type { Entry } from './entries';

const TYPING_PAUSE_MS = 150;
const AT_ONCE = 8;
const PLACES = { dataset: '/datasets', recipe: '/recipes', run: '/runs', study: '/studies' } as const;

export type Thing = Entry & { noun: Schemas['FoundNoun'] };

/** The lab's datasets, recipes, runs and studies that are called so; the newest while nothing is typed. */
export function useThings(lab: string, query: string) {
  const [settled] = useDebouncedValue(query.trim(), TYPING_PAUSE_MS);
  const answer = useInfiniteQuery({
    queryKey: ['search', lab, settled],
    queryFn: ({ pageParam, signal }) => {
      const asked = { lab, q: settled, limit: AT_ONCE, ...(pageParam === undefined ? {} : { cursor: pageParam }) };
      return take(http.GET('/api/v1/search/', { params: { query: asked }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => cursorOf(page.next),
    placeholderData: keepPreviousData,
    enabled: lab !== '',
  });
  const things = (answer.data?.pages ?? []).flatMap((page) => page.results.map(entryOf));
  const isOld = answer.isPlaceholderData || settled !== query.trim();
  return {
    // What was found for fewer words is narrowed here until the answer comes, so that Enter opens nothing else.
    things: isOld ? things.filter((thing) => isCalled(thing, query)) : things,
    isWaiting: isOld || answer.isLoading,
    hasMore: answer.hasNextPage && !isOld,
    more: () => void answer.fetchNextPage(),
    error: answer.error,
  };
}

function isCalled({ label, note = '' }: Thing, query: string): boolean {
  const text = `${label} ${note}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function entryOf({ noun, id, name, about, is_archived }: Schemas['Found']): Thing {
  return { noun, id, label: name, note: is_archived ? `${about}, archived` : about, to: `${PLACES[noun]}/${id}` };
}

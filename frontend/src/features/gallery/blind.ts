import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, http, take, type Schemas } from '@/api/client';

export type Answer = Schemas['BlindAnswer'];
type Test = Schemas['BlindTest'];

/** The blind tests of a pool, and beginning and giving up one's own. */
export function useBlindTests(pool: string) {
  const queries = useQueryClient();
  const init = { params: { path: { id: pool } } };
  const tests = api.useQuery('get', '/api/v1/pools/{id}/blind-tests/', init);
  const refresh = () => queries.invalidateQueries({ queryKey: ['get', '/api/v1/pools/{id}/blind-tests/', init] });
  const begin = useMutation({
    mutationFn: (body: Schemas['NewBlindTestRequest']) =>
      take(http.POST('/api/v1/pools/{id}/blind-tests/', { ...init, body })),
    onSettled: refresh,
  });
  const giveUp = useMutation({
    mutationFn: (id: string) => take(http.DELETE('/api/v1/blind-tests/{id}/', { params: { path: { id } } })),
    onSettled: refresh,
  });
  return { tests, begin, giveUp };
}

export function useBlindTest(id: string | null) {
  return api.useQuery(
    'get',
    '/api/v1/blind-tests/{id}/',
    { params: { path: { id: id ?? '' } } },
    { enabled: id !== null },
  );
}

/** Answers go out one after the other; the last one brings the result. */
export function useAnswers(test: Test, onFinished: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ place, answer }: { place: number; answer: Answer }) =>
      take(
        http.PUT('/api/v1/blind-tests/{id}/answers/{place}/', {
          params: { path: { id: test.id, place } },
          body: { answer },
        }),
      ),
    onSuccess: (told) => {
      if (told.result === null) return;
      onFinished();
      queries.setQueryData(['get', '/api/v1/blind-tests/{id}/', { params: { path: { id: test.id } } }], told);
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/pools/{id}/blind-tests/'] });
    },
    scope: { id: `blind test ${test.id}` },
  });
}

/** The first image without an answer; the last one where all have theirs. */
export function nextPlace({ num_images, answered }: Pick<Test, 'num_images' | 'answered'>): number {
  for (let place = 0; place < num_images; place += 1) if (answered[String(place)] === undefined) return place;
  return num_images - 1;
}

import { useMutation, useQuery } from '@tanstack/react-query';
import { http, queries, SESSION_KEY, take } from '@/api/client';
import { sessionOptions, type Session } from '@/api/session';
import type { OwnKeys } from './keys';

/** The keys that the person chose; they are kept on the server and hold in every browser. */
export function useOwnKeys() {
  const { data: session } = useQuery(sessionOptions);
  const save = useMutation({
    mutationFn: (keys: OwnKeys) =>
      take(http.PUT('/api/v1/session/keys/', { body: { keys: keys as Record<string, string> } })),
    onSuccess: ({ keys }) =>
      queries.setQueryData<Session>(
        SESSION_KEY,
        (before) => before && { ...before, person: before.person && { ...before.person, keys } },
      ),
    scope: { id: 'own keys' },
  });
  const own: OwnKeys = session?.person?.keys ?? {};
  return { own, save };
}

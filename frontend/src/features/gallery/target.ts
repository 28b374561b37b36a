import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, http, take, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';
import { useWatch } from '@/api/live';

type Target = Schemas['AcceptTarget'];

/** What the pool is reviewed for: the countdown as it is, then with every verdict of anybody. */
export function useTarget(pool: string) {
  const queries = useQueryClient();
  const init = { params: { path: { id: pool } } };
  const key = ['get', '/api/v1/pools/{id}/target/', init];
  const { data, refetch } = api.useQuery('get', '/api/v1/pools/{id}/target/', init);
  const target = data?.target ?? null;
  const takeOver = (told: Schemas['PoolTarget']) => queries.setQueryData(key, told);
  useWatch(target?.state === 'active' ? { channel: 'target', id: target.id } : null, {
    onMessage: (event) => {
      if (event.type === 'target.changed') takeOver({ target: event.data });
    },
    onPoll: () => void refetch(),
  });
  const onError = (error: unknown) =>
    notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) });
  const begin = useMutation({
    mutationFn: (body: Schemas['NewTargetRequest']) => take(http.POST('/api/v1/pools/{id}/target/', { ...init, body })),
    onSuccess: takeOver,
    onError,
  });
  const end = useMutation({
    mutationFn: () => take(http.POST('/api/v1/pools/{id}/target/end/', init)),
    onSuccess: takeOver,
    onError,
  });
  return { target, begin, end };
}

/** "bar: 3 more of 20" and "dot: done", those that lack most first. */
export function countdownWords({ classes }: Pick<Target, 'classes'>): { name: string; words: string }[] {
  return Object.entries(classes)
    .sort(([, a], [, b]) => b.missing - a.missing)
    .map(([name, { missing, wanted }]) => ({ name, words: missing === 0 ? 'done' : `${missing} more of ${wanted}` }));
}

/** What happens now, in one sentence. */
export function standOf({ state, drawing, num_drawn, max_drawn, reason }: Omit<Target, 'classes'>): string {
  if (state === 'met') return 'The target is met.';
  if (state === 'ended') return reason === '' ? 'It was ended.' : reason;
  if (state === 'exhausted') return `${reason} Begin another target to draw more.`;
  if (drawing !== null) return `Further samples are being drawn; ${num_drawn} of at most ${max_drawn} so far.`;
  if (num_drawn >= max_drawn) return `All ${max_drawn} candidates that may be drawn are drawn; judge what is left.`;
  return `Further samples are drawn when few are undecided; ${num_drawn} of at most ${max_drawn} so far.`;
}

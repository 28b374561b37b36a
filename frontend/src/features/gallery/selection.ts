import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { http, take, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';
import { useWatch } from '@/api/live';

const ENDED = new Set(['finished', 'failed', 'cancelled']);

/** While a selection is being made, hear of its end; its pool and samples are then asked anew. */
export function useLiveSelection(pool: string, selection: Schemas['Selection'] | undefined): void {
  const queries = useQueryClient();
  const refresh = () => refreshPool(queries, pool);
  const waits = selection !== undefined && !ENDED.has(selection.state);
  useWatch(waits ? { channel: 'selection', id: selection.id } : null, {
    onMessage: (event) => {
      if (event.type === 'selection.changed' && ENDED.has(event.data.state)) void refresh();
    },
    onPoll: () => void refresh(),
  });
}

async function refreshPool(queries: QueryClient, pool: string): Promise<void> {
  await queries.invalidateQueries({ queryKey: ['get', '/api/v1/pools/{id}/', { params: { path: { id: pool } } }] });
  await queries.invalidateQueries({ queryKey: ['samples', pool] });
}

const PATHS = { cancel: '/api/v1/selections/{id}/cancel/', retry: '/api/v1/selections/{id}/retry/' } as const;

/** Asks something of a selection; its pool is then asked anew. */
export function useSelectionAct({ id, pool }: Schemas['Selection']) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (verb: keyof typeof PATHS) => take(http.POST(PATHS[verb], { params: { path: { id } } })),
    onSuccess: () => refreshPool(queries, pool),
    onError: (error) => notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) }),
  });
}

import { useQueryClient } from '@tanstack/react-query';
import type { Schemas } from '@/api/client';
import { useWatch } from '@/api/live';

const ENDED = new Set(['finished', 'failed']);

/** While a selection is being made, hear of its end; its pool and samples are then asked anew. */
export function useLiveSelection(pool: string, selection: Schemas['Selection'] | undefined): void {
  const queries = useQueryClient();
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: ['get', '/api/v1/pools/{id}/', { params: { path: { id: pool } } }] });
    await queries.invalidateQueries({ queryKey: ['samples', pool] });
  };
  const waits = selection !== undefined && !ENDED.has(selection.state);
  useWatch(waits ? { channel: 'selection', id: selection.id } : null, {
    onMessage: (event) => {
      if (event.type === 'selection.changed' && ENDED.has(event.data.state)) void refresh();
    },
    onPoll: () => void refresh(),
  });
}

import { useQueryClient } from '@tanstack/react-query';
import { api, type Schemas } from '@/api/client';
import { useWatch } from '@/api/live';

type Export = Schemas['Export'];

/** States in which nothing of it will change by itself soon. */
export const ENDED = new Set<Export['state']>(['ready', 'failed', 'expired']);

/** An export that stays right while it is built: by the socket, or by asking while that is lost. */
export function useLiveExport(start: Export): Export {
  const queries = useQueryClient();
  const init = { params: { path: { id: start.id } } };
  const key = ['get', '/api/v1/exports/{id}/', init];
  const { data = start, refetch } = api.useQuery('get', '/api/v1/exports/{id}/', init, { initialData: start });
  const ended = ENDED.has(data.state);
  useWatch(ended ? null : { channel: 'export', id: start.id }, {
    onMessage: (event) => {
      if (event.type !== 'export.changed') return;
      const { state, current, max } = event.data;
      queries.setQueryData<Export>(key, (before) => before && { ...before, state, progress: { current, max } });
      // The end brings the hash and the address, an interruption its reason; the event carries neither.
      if (ENDED.has(state) || state === 'interrupted') void refetch();
    },
    onPoll: () => void refetch(),
  });
  return data;
}

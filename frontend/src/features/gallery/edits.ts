import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, http, take, type Schemas } from '@/api/client';
import { useWatch } from '@/api/live';

const PATHS = { cancel: '/api/v1/edits/{id}/cancel/', retry: '/api/v1/edits/{id}/retry/' } as const;
export const WAITS: Readonly<Record<Schemas['Edit']['state'], string>> = {
  queued: 'It waits for a worker.',
  making: 'It is being made; that takes some seconds.',
  interrupted: 'It was interrupted and goes on by itself.',
  finished: '',
  failed: '',
  cancelled: '',
};

/** The edits of a run, the one that is shown, live while it is being made, and what can be asked. */
export function useEdits(run: string, open: string | null) {
  const queries = useQueryClient();
  const params = { params: { path: { id: run } } };
  const told = api.useQuery('get', '/api/v1/runs/{id}/edits/', params);
  const refresh = () => queries.invalidateQueries({ queryKey: ['get', '/api/v1/runs/{id}/edits/', params] });
  const row = told.data?.edits.find(({ id }) => id === open) ?? told.data?.edits[0];
  const edit = api.useQuery(
    'get',
    '/api/v1/edits/{id}/',
    { params: { path: { id: row?.id ?? '' } } },
    { enabled: row?.state === 'finished', staleTime: Infinity },
  );
  const waits = row !== undefined && WAITS[row.state] !== '';
  useWatch(waits ? { channel: 'edit', id: row.id } : null, {
    onMessage: (event) => {
      if (event.type === 'edit.changed' && event.data.state !== row?.state) void refresh();
    },
    onPoll: () => void refresh(),
  });
  const make = useMutation({
    mutationFn: (body: Schemas['NewEditRequest']) => take(http.POST('/api/v1/runs/{id}/edits/', { ...params, body })),
    onSuccess: refresh,
  });
  const act = useMutation({
    mutationFn: ({ id, verb }: { id: string; verb: keyof typeof PATHS }) =>
      take(http.POST(PATHS[verb], { params: { path: { id } } })),
    onSuccess: refresh,
  });
  return { told, row, edit, make, act };
}

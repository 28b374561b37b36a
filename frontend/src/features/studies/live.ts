import { useQueryClient } from '@tanstack/react-query';
import { api, type Schemas } from '@/api/client';
import { useWatch } from '@/api/live';
import { isMoving } from './words';

type Study = Schemas['Study'];
const SURELY_MS = 30_000;

/** A study that stays right: by the socket, or by asking while that is lost. */
export function useLiveStudy(id: string) {
  const queries = useQueryClient();
  const init = { params: { path: { id } } };
  const study = api.useQuery('get', '/api/v1/studies/{id}/', init, {
    staleTime: 0,
    // A worker that was killed between the commit and the event tells nothing at all.
    refetchInterval: ({ state: { data } }) => (data !== undefined && isMoving(data.state) ? SURELY_MS : false),
  });
  useWatch(study.data === undefined ? null : { channel: 'study', id }, {
    onMessage: (event) => {
      if (event.type !== 'study.changed') return;
      const { state, is_stopping, progress } = event.data;
      const { state: before, question, progress: known } = study.data ?? {};
      const hasRow = question === 'attributes' && progress.num_done !== known?.num_done;
      queries.setQueryData<Study>(
        ['get', '/api/v1/studies/{id}/', init],
        (shown) => shown && { ...shown, state, is_stopping, progress },
      );
      // The event carries neither the answer, nor the rows of a table, nor what can be done now.
      if (state !== before || event.data.has_result || hasRow) void study.refetch();
    },
    onPoll: () => {
      if (study.data !== undefined && isMoving(study.data.state)) void study.refetch();
    },
  });
  return study;
}

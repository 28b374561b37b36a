import { useQueryClient } from '@tanstack/react-query';
import { api, type Schemas } from '@/api/client';
import { useWatch } from '@/api/live';
import { isMoving } from './words';

type Version = Schemas['DatasetVersion'];

/** A version that stays right while its ingest runs: by the socket, or by asking while that is lost. */
export function useLiveVersion(id: string) {
  const queries = useQueryClient();
  const init = { params: { path: { id } } };
  const key = ['get', '/api/v1/versions/{id}/', init];
  const version = api.useQuery('get', '/api/v1/versions/{id}/', init, { staleTime: 0 });
  const moving = version.data !== undefined && isMoving(version.data.state);
  useWatch(moving ? { channel: 'version', id } : null, {
    onMessage: (event) => {
      if (event.type !== 'version.changed') return;
      const { state, progress, outcomes, num_images, error_code: code, error_message: message } = event.data;
      const now = { state, progress, outcomes, num_images, error: code === '' ? null : { code, message } };
      queries.setQueryData<Version>(key, (before) => before && { ...before, ...now });
      // The end brings classes, counts and outcomes that the event does not carry.
      if (!isMoving(state)) void queries.invalidateQueries({ queryKey: key });
    },
    onPoll: () => void version.refetch(),
  });
  return version;
}

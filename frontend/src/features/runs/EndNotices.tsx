import { useEffect } from 'react';
import { api } from '@/api/client';
import { ApiError } from '@/api/errors';
import { useWatch } from '@/api/live';
import { runTitle } from '@/components/runTitle';
import { announce, useWatchedRuns } from './notice';
import { isMoving } from './words';

/** Where the socket tells nothing, the end is found by asking so often. */
const SURELY_MS = 60_000;

/** Watches the runs that somebody wished to be told of, on every page; shows nothing itself. */
export function EndNotices() {
  const { ids, remove } = useWatchedRuns();
  return ids.map((id) => <EndNotice key={id} id={id} onEnd={() => remove(id)} />);
}

function EndNotice({ id, onEnd }: { id: string; onEnd: () => void }) {
  const init = { params: { path: { id } } };
  const run = api.useQuery('get', '/api/v1/runs/{id}/', init, { refetchInterval: SURELY_MS });
  const ended = run.data !== undefined && !isMoving(run.data.state) ? run.data : null;
  const isGone = run.error instanceof ApiError && run.error.status === 404;
  useEffect(() => {
    if (ended !== null) announce(runTitle(ended), ended.state);
    if (ended !== null || isGone) onEnd();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when it ends
  }, [ended?.state, isGone]);
  useWatch(
    { channel: 'run', id },
    {
      onMessage: (event) => {
        if (event.type === 'run.changed') void run.refetch();
      },
      onPoll: () => void run.refetch(),
      everyMs: 15_000,
    },
  );
  return null;
}

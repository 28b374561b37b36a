import { http, take, type Schemas } from '@/api/client';
import { ApiError } from '@/api/errors';
import { useWatch } from '@/api/live';
import { runTitle } from '@/components/runTitle';
import { announce, useWatchedRuns } from './notice';
import { isMoving } from './words';

/** Watches the runs that somebody wished to be told of, on every page; shows nothing itself. */
export function EndNotices() {
  const { ids, remove } = useWatchedRuns();
  return ids.map((id) => <EndNotice key={id} id={id} onEnd={() => remove(id)} />);
}

function EndNotice({ id, onEnd }: { id: string; onEnd: () => void }) {
  const look = async () => {
    try {
      tell(await take(http.GET('/api/v1/runs/{id}/', { params: { path: { id } } })));
    } catch (error) {
      // Nobody may see it any more; anything else is asked again.
      if (error instanceof ApiError && error.status === 404) onEnd();
    }
  };
  const tell = (run: Schemas['Run']) => {
    if (isMoving(run.state)) return;
    announce(runTitle(run), run.state);
    onEnd();
  };
  useWatch(
    { channel: 'run', id },
    {
      onMessage: (event) => {
        if (event.type === 'run.snapshot') tell(event.data);
        else if (event.type === 'run.changed' && !isMoving(event.data.state)) void look();
      },
      onPoll: () => void look(),
      everyMs: 15_000,
    },
  );
  return null;
}

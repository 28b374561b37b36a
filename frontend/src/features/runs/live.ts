import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, http, take, type Schemas } from '@/api/client';
import { useWatch } from '@/api/live';
import { link } from '@/api/socket';
import { withPoints, type Curves } from './curves';
import { Follower } from './follow';
import { isMoving, isWaiting } from './words';

type Run = Schemas['Run'];
type Preview = Schemas['Preview'];
type Sweep = Schemas['Sweep'];

const QUEUE_MS = 10_000;
const SURELY_MS = 30_000;

function initOf(id: string) {
  return { params: { path: { id } } };
}

/** A run that stays right: its history is asked once, then every event is laid over it. */
export function useLiveRun(id: string) {
  const queries = useQueryClient();
  const init = initOf(id);
  const run = api.useQuery('get', '/api/v1/runs/{id}/', init, {
    staleTime: 0,
    // Other runs move the place of one that waits, and no event of this one tells of that. A worker that was killed
    // between the commit and the event tells nothing at all.
    refetchInterval: ({ state: { data } }) =>
      data === undefined || !isMoving(data.state) ? false : isWaiting(data.state) ? QUEUE_MS : SURELY_MS,
  });
  // The history is asked after the run, so that it holds everything up to the run's `last_seq`.
  const isKnown = run.data !== undefined;
  const scalars = api.useQuery('get', '/api/v1/runs/{id}/scalars/', init, { enabled: isKnown, staleTime: 0 });
  const previews = api.useQuery('get', '/api/v1/runs/{id}/previews/', init, { enabled: isKnown, staleTime: 0 });
  const sweeps = api.useQuery('get', '/api/v1/runs/{id}/sweeps/', init, { enabled: isKnown, staleTime: 0 });
  const [follower] = useState(() => new Follower(layOver(queries, id), (since) => historySince(id, since)));

  // The first word about the run says from which event on to follow it, with a socket or without; a later one, whether
  // anything was missed.
  const lastSeq = run.data?.last_seq;
  useEffect(() => {
    if (lastSeq === undefined) return;
    follower.begin(lastSeq);
    if (follower.isBehind(lastSeq)) void follower.catchUp();
  }, [follower, lastSeq]);

  const isLoaded = [run, scalars, previews, sweeps].every((asked) => asked.data !== undefined);
  useWatch(isLoaded ? { channel: 'run', id } : null, {
    since: () => follower.seen,
    onMessage: (event) => follower.take(event),
    onPoll: () => {
      // A run that has ended says nothing more by itself; what it said last may still have to be read.
      if (run.data === undefined || (!isMoving(run.data.state) && !follower.isBehind(run.data.last_seq))) return;
      void run.refetch();
      void follower.catchUp();
    },
  });
  return { run, scalars: scalars.data, previews: previews.data, sweeps: sweeps.data };
}

async function historySince(id: string, since: number): Promise<Schemas['History']> {
  const history = await take(http.GET('/api/v1/runs/{id}/events/', { params: { path: { id }, query: { since } } }));
  link.heard();
  return history;
}

/** What each event changes in what the page shows. */
function layOver(queries: QueryClient, id: string): (event: Schemas['LiveEvent']) => void {
  const init = initOf(id);
  const runKey = ['get', '/api/v1/runs/{id}/', init];
  const patch = (part: Partial<Run>) => queries.setQueryData<Run>(runKey, (before) => before && { ...before, ...part });
  const refresh = () => void queries.invalidateQueries({ queryKey: runKey });
  return (event) => {
    switch (event.type) {
      case 'run.snapshot':
        queries.setQueryData(runKey, event.data);
        return;
      case 'run.changed': {
        const { state, stop_requested, cancel_requested, finish_requested, attempts } = event.data;
        patch({ state, stop_requested, cancel_requested, finish_requested, attempts });
        // The event carries neither what can be done now nor the place in the queue.
        refresh();
        return;
      }
      case 'run.progressed': {
        const { step, num_steps, images_per_s, eta_s, device, points } = event.data;
        patch({ step, num_steps, images_per_s, eta_s, device, stage_progress: num_steps > 0 ? step / num_steps : 0 });
        queries.setQueryData<Curves>(
          ['get', '/api/v1/runs/{id}/scalars/', init],
          (before) => before && withPoints(before, points),
        );
        return;
      }
      case 'run.previewed':
        queries.setQueryData<Preview[]>(
          ['get', '/api/v1/runs/{id}/previews/', init],
          (before) => before && withRow(before, event.data),
        );
        // It may be the one that somebody asked for.
        if (queries.getQueryData<Run>(runKey)?.preview_requested === true) refresh();
        return;
      case 'run.swept':
        queries.setQueryData<Sweep[]>(
          ['get', '/api/v1/runs/{id}/sweeps/', init],
          (before) => before && withSheet(before, event.data),
        );
        return;
      case 'run.measured':
        patch({ metrics: event.data.values });
        return;
      case 'run.judged':
        patch({ health: event.data });
        return;
      case 'run.warned':
      case 'run.checkpointed':
      case 'pool.created':
        refresh();
        return;
      case 'version.changed':
      case 'study.changed':
      case 'export.changed':
      case 'selection.changed':
      case 'edit.changed':
      case 'target.changed':
      case 'link.tested':
      case 'subscription.opened':
      case 'subscription.refused':
      case 'subscription.ended':
      case 'socket.answered':
        return;
    }
  };
}

/** The wall with one more row, in rising steps, each step once. */
function withRow(rows: Preview[], row: Preview): Preview[] {
  return [...rows.filter((one) => one.step !== row.step), row].sort((a, b) => a.step - b.step);
}

/** The sheets with one more, each code once, in the order they came. */
function withSheet(sheets: Sweep[], sheet: Sweep): Sweep[] {
  const at = sheets.findIndex((one) => one.name === sheet.name);
  return at < 0 ? [...sheets, sheet] : sheets.with(at, sheet);
}

import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { http, queries, take, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';

export type Act = 'stop' | 'finish' | 'preview' | 'resume' | 'cancel';

const PATHS = {
  stop: '/api/v1/runs/{id}/stop/',
  finish: '/api/v1/runs/{id}/finish/',
  preview: '/api/v1/runs/{id}/preview/',
  resume: '/api/v1/runs/{id}/resume/',
  cancel: '/api/v1/runs/{id}/cancel/',
} as const;

/** Asks something of a run, and shows at once what became of it. */
export function useAct(run: Pick<Schemas['Run'], 'id'>) {
  const init = { params: { path: { id: run.id } } };
  return useMutation({
    mutationFn: (verb: Act) => take(http.POST(PATHS[verb], init)),
    ...told(init),
  });
}

/** Goes on from the last checkpoint, with so many images computed at once. */
export function useSmallerMicroBatch(run: Pick<Schemas['Run'], 'id' | 'compute'>) {
  const init = { params: { path: { id: run.id } } };
  return useMutation({
    mutationFn: (micro_batch: number) =>
      take(http.POST(PATHS.resume, { ...init, body: { compute: { ...run.compute, micro_batch } } })),
    ...told(init),
  });
}

/** Starts the same from the beginning, as a run of its own, and goes to its page. */
export function useRetry(run: Pick<Schemas['Run'], 'id'>) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => take(http.POST('/api/v1/runs/{id}/retry/', { params: { path: { id: run.id } } })),
    onSuccess: (made) => navigate(`/runs/${made.id}`),
    onError: refused,
  });
}

function told(init: { params: { path: { id: string } } }) {
  return {
    onSuccess: (changed: Schemas['Run']) => queries.setQueryData(['get', '/api/v1/runs/{id}/', init], changed),
    onError: refused,
  };
}

function refused(error: Error): void {
  notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) });
}

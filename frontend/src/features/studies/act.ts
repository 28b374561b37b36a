import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { http, queries, take, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';

const PATHS = {
  stop: '/api/v1/studies/{id}/stop/',
  resume: '/api/v1/studies/{id}/resume/',
  cancel: '/api/v1/studies/{id}/cancel/',
} as const;

/** Asks something of a study, and shows at once what became of it. */
export function useAct({ id }: Pick<Schemas['Study'], 'id'>) {
  const init = { params: { path: { id } } };
  return useMutation({
    mutationFn: (verb: keyof typeof PATHS) => take(http.POST(PATHS[verb], init)),
    onSuccess: (changed) => queries.setQueryData(['get', '/api/v1/studies/{id}/', init], changed),
    onError: (error) => notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) }),
  });
}

import { useMutation } from '@tanstack/react-query';
import { http, queries, take } from '@/api/client';

/** Cancel the reading of a version, or try it again. */
export function useAct(id: string, verb: 'cancel' | 'retry') {
  return useMutation({
    mutationFn: () => {
      const init = { params: { path: { id } } };
      return verb === 'cancel'
        ? take(http.POST('/api/v1/versions/{id}/cancel/', init))
        : take(http.POST('/api/v1/versions/{id}/retry/', init));
    },
    onSuccess: (version) => {
      queries.setQueryData(['get', '/api/v1/versions/{id}/', { params: { path: { id } } }], version);
    },
  });
}

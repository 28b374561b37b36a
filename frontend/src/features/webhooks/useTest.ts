import { useMutation } from '@tanstack/react-query';
import { http, take } from '@/api/client';
import { askAnew, LIST } from './paths';

/** Sends a test to the address that is set. */
export function useTest(lab: string) {
  return useMutation({
    mutationFn: () => take(http.POST('/api/v1/labs/{id}/webhook/test/', { params: { path: { id: lab } } })),
    onSettled: () => askAnew(LIST),
  });
}

import { api } from '@/api/client';

/** The kinds of datasets that can be read, by name; none until they are known. */
export function useKinds() {
  const { data } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  return data?.dataset_kinds ?? [];
}

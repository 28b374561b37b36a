import { api } from '@/api/client';

/** What there is to choose from; it changes only when the service is started with other shelves. */
export function useCatalogue() {
  return api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
}

import { api, queries } from './client';

const LIMITS = api.queryOptions('get', '/api/v1/uploads/limits/', {}, { staleTime: Infinity });

/** What an upload may hold, as the service says. */
export function useUploadLimits() {
  return api.useQuery('get', '/api/v1/uploads/limits/', {}, { staleTime: Infinity });
}

/** The same, outside of a component; asked for once. */
export function uploadLimits() {
  return queries.query(LIMITS);
}

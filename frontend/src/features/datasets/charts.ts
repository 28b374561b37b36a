import { keepPreviousData } from '@tanstack/react-query';
import { api } from '@/api/client';
import { queryOf, type Filters } from './filters';

/** How the images that the filters leave spread over classes, brightness and size; what was there stays until it comes. */
export function useCharts(id: string, filters: Filters) {
  return api.useQuery(
    'get',
    '/api/v1/versions/{id}/charts/',
    { params: { path: { id }, query: queryOf(filters) } },
    { placeholderData: keepPreviousData, staleTime: Infinity },
  );
}

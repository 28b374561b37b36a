import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { http, take, type Schemas } from '@/api/client';

/** What an export would hold and take, asked anew when a choice changes; name and reason change nothing of it. */
export function useEstimate(wish: Schemas['NewExportRequest'], enabled = true) {
  const asked = { ...wish, name: '', memorised_reason: '' };
  return useQuery({
    queryKey: ['exports', 'estimate', asked],
    queryFn: () => take(http.POST('/api/v1/exports/estimate/', { body: asked })),
    placeholderData: keepPreviousData,
    retry: false,
    enabled,
  });
}

import { api } from '@/api/client';

/** The lab's dataset versions that a run or a study can start on, as choices. */
export function useReadyVersions(lab: string): { value: string; label: string }[] {
  const { data } = api.useQuery('get', '/api/v1/datasets/', { params: { query: { lab, limit: 100 } } });
  return (data?.results ?? []).flatMap((dataset) =>
    dataset.versions
      .filter((one) => one.state === 'ready')
      .map((one) => ({ value: one.id, label: `${dataset.name}, version ${one.number}` })),
  );
}

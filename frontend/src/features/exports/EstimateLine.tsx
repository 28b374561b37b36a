import { Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { http, take, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';
import { bytes, count } from '@/components/format';

/** What the export would hold and take, asked anew when a choice changes. */
export function EstimateLine({ wish }: { wish: Schemas['NewExportRequest'] }) {
  const { data, error } = useQuery({
    queryKey: ['exports', 'estimate', wish],
    queryFn: () => take(http.POST('/api/v1/exports/estimate/', { body: wish })),
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (error !== null)
    return (
      <Text size="sm" c="dimmed">
        {sentenceOf(error)}
      </Text>
    );
  if (data === undefined) return null;
  const left = sum(data.left_out);
  return (
    <Text size="sm" c="dimmed" className="numbers" role="status">
      {count(data.num_real)} real and {count(sum(data.synthetic))} synthetic images, at most {bytes(data.size_bytes)}
      {left > 0 && `; the cap leaves out ${count(left)}`}.
    </Text>
  );
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

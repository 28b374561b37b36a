import { Button, NumberInput, Stack } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { http, take } from '@/api/client';
import { sessionOptions } from '@/api/session';
import { askAnew } from '@/components/life/life';
import { Fault } from '@/components/Fault';
import { Panel } from '@/components/Page';

const GIB = 2 ** 30;

/** How much the lab may store; for who runs the service. */
export function QuotaForm({ lab, quota }: { lab: string; quota: number | null }) {
  const { data: session } = useQuery(sessionOptions);
  const [limit, setLimit] = useState<number | null>(quota === null ? null : quota / GIB);
  const save = useMutation({
    mutationFn: () =>
      take(
        http.PATCH('/api/v1/labs/{id}/storage/', {
          params: { path: { id: lab } },
          body: { quota_bytes: limit === null ? null : Math.round(limit * GIB) },
        }),
      ),
    onSuccess: askAnew,
  });
  if (session?.person?.is_staff !== true) return null;
  return (
    <Panel title="Quota">
      <Stack gap="sm">
        <NumberInput
          label="The lab may store, in GiB"
          description="Empty: what the service's setting LAB_QUOTA_BYTES says."
          min={0}
          decimalScale={3}
          value={limit ?? ''}
          onChange={(value) => setLimit(value === '' ? null : Number(value))}
        />
        <Fault error={save.error} />
        <Button variant="default" onClick={() => save.mutate()} loading={save.isPending}>
          Set the quota
        </Button>
      </Stack>
    </Panel>
  );
}

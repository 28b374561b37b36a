import { Button, Group, NumberInput, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, http, take } from '@/api/client';
import type { Lab } from '@/api/session';
import { Fault, Waiting } from '@/components/Fault';
import { Panel } from '@/components/Page';

/** The share of near-copies above which an export needs a reason; for admins. */
export function NearCopies({ lab }: { lab: Lab }) {
  const { data, error, refetch } = api.useQuery('get', '/api/v1/labs/');
  const share = data?.find((one) => one.id === lab.id)?.max_memorised_share;
  return (
    <Panel title="Near-copies in exports">
      {share === undefined ? (
        error === null ? (
          <Waiting lines={2} />
        ) : (
          <Fault error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <ShareForm key={`${lab.id}${share}`} lab={lab} share={share} />
      )}
    </Panel>
  );
}

function ShareForm({ lab, share }: { lab: Lab; share: number | null }) {
  // 100 * 0.07 is 7.000000000000001.
  const now = share === null ? null : Math.round(share * 1e6) / 1e4;
  const [percent, setPercent] = useState(now);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      take(
        http.PATCH('/api/v1/labs/{id}/', {
          params: { path: { id: lab.id } },
          body: { max_memorised_share: percent === null ? null : percent / 100 },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/api/v1/labs/'] }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <NumberInput
          label="At most, in % of the synthetic images"
          description="An export with more that may be copies of training images is refused until a person says why they may go out. Empty: no limit."
          min={0}
          max={100}
          decimalScale={4}
          value={percent ?? ''}
          onChange={(value) => setPercent(value === '' ? null : Number(value))}
        />
        <Fault error={save.error} />
        <Group>
          <Button type="submit" variant="default" loading={save.isPending} disabled={percent === now}>
            Set the limit
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

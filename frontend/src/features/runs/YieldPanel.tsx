import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { Panel } from '@/components/Page';
import { saysAnything, SelectionReport } from '@/components/SelectionReport';
import { YieldTable } from '@/components/YieldTable';

/** As high as the table will be: a line for each class, its head, its sum and a note, up to where it scrolls. */
const LINE = 25;
const MOST_LINES = 14;

/** What the run's own selection brought, class by class. */
export function YieldPanel({ run, pool }: { run: Schemas['Run']; pool: string }) {
  const { data, error } = api.useQuery('get', '/api/v1/pools/{id}/', { params: { path: { id: pool } } });
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const first = data?.selections[0];
  const sampler = catalogue?.samplers.find((one) => one.name === first?.sampler);
  return (
    <Panel
      title="Yield"
      actions={
        <Anchor component={Link} to={`/runs/${run.id}/gallery`} size="sm">
          Look at the samples
        </Anchor>
      }
    >
      {first === undefined ? (
        error === null ? (
          <Waiting lines={Math.min(run.num_classes + 3, MOST_LINES)} height={LINE} />
        ) : (
          <Fault error={error} />
        )
      ) : (
        <Stack gap="md">
          <YieldTable yields={first.yields} reasons={sampler?.reasons ?? {}} />
          {saysAnything(first.report) && (
            <section aria-label="How the sampler chose">
              <Text size="sm" fw={600} mb="xs">
                How it chose
              </Text>
              <SelectionReport report={first.report} />
            </section>
          )}
        </Stack>
      )}
    </Panel>
  );
}

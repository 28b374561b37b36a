import { Progress, Stack, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { bytes } from '@/components/format';
import { Panel, Stats } from '@/components/Page';

/** How much the lab stores of what it may, and of which kind. */
export function UsagePanel({ storage }: { storage: Schemas['Storage'] }) {
  const { quota_bytes: quota, used_bytes: used } = storage;
  const share = quota === null || quota === 0 ? null : Math.min(100, (100 * used) / quota);
  return (
    <Panel title="Usage">
      <Stack gap="md">
        <div>
          <Text fw={600} className="numbers">
            {bytes(used)} {quota === null ? 'stored, no limit but the disk' : `of ${bytes(quota)}`}
          </Text>
          {share !== null && (
            <Progress mt={6} value={share} color={share > 90 ? 'red.8' : undefined} aria-label="Share of the quota" />
          )}
          <Text size="xs" c="dimmed" mt={4} className="numbers">
            {bytes(storage.free_bytes)} free on the disk of the service
          </Text>
        </div>
        <Stats
          stats={[
            { label: 'Original images', value: bytes(storage.originals_bytes) },
            { label: 'Runs', value: bytes(storage.runs_bytes) },
            { label: 'of that, pools', value: bytes(storage.pools_bytes) },
            { label: 'Studies', value: bytes(storage.studies_bytes) },
            { label: 'Exports', value: bytes(storage.exports_bytes) },
            { label: 'Uploads under way', value: bytes(storage.uploads_bytes) },
          ]}
        />
      </Stack>
    </Panel>
  );
}

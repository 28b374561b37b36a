import { Group, Progress, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { AskButton } from '@/components/AskButton';
import { Fault } from '@/components/Fault';
import { LinkLabel } from '@/components/LinkLabel';
import { count } from '@/components/format';
import { Panel } from '@/components/Page';
import { useAct } from './act';

/** How far the reading of an upload is. */
export function IngestPanel({ version }: { version: Schemas['DatasetVersion'] }) {
  const { current, max } = version.progress ?? { current: 0, max: 0 };
  const known = max > 0;
  const { may } = useLab();
  const cancel = useAct(version.id, 'cancel');
  return (
    <Panel
      title="Reading the upload"
      actions={
        <>
          <LinkLabel />
          {may('researcher') && (
            <AskButton
              verb="Cancel"
              question="Cancel the reading?"
              size="compact-sm"
              loading={cancel.isPending}
              onConfirm={() => cancel.mutate()}
            >
              No version is made of it. What was uploaded stays for three days, so it can be tried again.
            </AskButton>
          )}
        </>
      }
    >
      <Fault error={cancel.error} />
      <Text size="sm" mb="sm">
        {version.state === 'queued'
          ? 'Waits for a free worker.'
          : 'Every image is opened, checked and given a thumbnail. You may leave this page; the reading goes on.'}
      </Text>
      {version.state === 'interrupted' && version.error !== null && (
        <Fault error={new Error(version.error.message)} title="It waits, and goes on by itself" />
      )}
      <Progress value={known ? (100 * current) / max : 0} aria-label="Files read" size="lg" />
      <Group justify="flex-end" mt={4}>
        <Text size="sm" c="dimmed" className="numbers">
          {known ? `${count(current)} of ${count(max)} files` : ''}
        </Text>
      </Group>
    </Panel>
  );
}

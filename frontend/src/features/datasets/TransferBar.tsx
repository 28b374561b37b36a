import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { Fault } from '@/components/Fault';
import { bytes, duration } from '@/components/format';
import type { Transfer } from './useSending';

type Props = { name: string; transfer: Transfer; onPause: () => void; onResume: () => void; onDiscard: () => void };

/** How one upload goes: how much, how fast, how long still; with hold, go on and give up. */
export function TransferBar({ name, transfer, onPause, onResume, onDiscard }: Props) {
  const { state, progress, error } = transfer;
  const share = progress === null || progress.total === 0 ? 0 : progress.sent / progress.total;
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500} truncate>
          {name}
        </Text>
        <Text size="sm" c="dimmed" className="numbers" aria-live="off">
          {factsOf(transfer)}
        </Text>
      </Group>
      <Progress.Root size="lg">
        <Progress.Section
          value={100 * share}
          animated={state === 'sending'}
          aria-label={`Upload of ${name}`}
          aria-valuetext={`${Math.round(100 * share)} %`}
        />
      </Progress.Root>
      {state === 'failed' && (
        <Fault error={error} title={`Nothing is lost: ${bytes(progress?.sent ?? 0)} have arrived and stay there.`} />
      )}
      <Group gap="xs">
        {state === 'sending' && (
          <Button size="compact-sm" variant="default" onClick={onPause}>
            Pause
          </Button>
        )}
        {(state === 'paused' || state === 'failed') && (
          <Button size="compact-sm" onClick={onResume}>
            {state === 'failed' ? 'Try again' : 'Continue'}
          </Button>
        )}
        {state !== 'done' && (
          <Button size="compact-sm" variant="subtle" color="gray" onClick={onDiscard}>
            Give up
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function factsOf({ state, progress, rate, error }: Transfer): string {
  if (progress === null) return '';
  const amount = `${bytes(progress.sent)} of ${bytes(progress.total)}`;
  if (state === 'done') return `${bytes(progress.total)} sent`;
  if (state === 'paused') return `${amount}, paused`;
  if (error !== null || rate === null || rate <= 0) return amount;
  return `${amount}, ${bytes(rate)}/s, ${duration((progress.total - progress.sent) / rate)} left`;
}

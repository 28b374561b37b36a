import { Button, Group, Paper, Progress, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { AskButton } from '@/components/AskButton';
import { Fault } from '@/components/Fault';
import { bytes, duration, plural } from '@/components/format';
import type { Row } from './sendings';
import { sendings } from './useSendings';

type Props = { row: Row; children?: ReactNode };

/** How one upload goes: how much, how fast, how long still; with hold, go on and give up. */
export function SendingRow({ row, children }: Props) {
  const { name, parcel, state, size, sent, note, error } = row;
  const share = size === 0 ? 0 : (100 * sent) / size;
  return (
    <Paper component="section" aria-label={`Upload of ${name}`} p="sm">
      <Stack gap={6}>
        <Group justify="space-between" gap="xs">
          <Text size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
            {parcel === null || parcel.files === 1 ? name : `${name}, ${plural(parcel.files, 'file')}`}
          </Text>
          <Text size="sm" c="dimmed" className="numbers" aria-live="off">
            {factsOf(row)}
          </Text>
        </Group>
        {state !== 'asked' && (
          <Progress.Root size="lg">
            <Progress.Section
              value={share}
              animated={state === 'sending'}
              color={state === 'failed' ? 'red.8' : state === 'lost' || state === 'paused' ? 'gray.6' : undefined}
              aria-label={`Upload of ${name}`}
              aria-valuetext={`${Math.round(share)} %`}
            />
          </Progress.Root>
        )}
        {note !== '' && (
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {note}
          </Text>
        )}
        {state === 'lost' && (
          <Text size="sm" role="status">
            {lostOf(row)}
          </Text>
        )}
        {state === 'failed' && (
          <Fault error={error} title={sent === 0 ? undefined : `${bytes(sent)} have arrived and stay there`} />
        )}
        <Group gap="xs">
          <Acts row={row} />
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}

const GO: Partial<Record<Row['state'], string>> = { paused: 'Continue', failed: 'Try again', lost: 'Try now' };

function Acts({ row: { id, state, sent, parcel } }: { row: Row }) {
  const begin = state === 'asked' ? `Send the ${plural(parcel?.files ?? 0, 'file')}` : GO[state];
  return (
    <>
      {(state === 'sending' || state === 'lost' || state === 'queued') && (
        <Button size="compact-sm" variant="default" onClick={() => sendings.pause(id)}>
          Pause
        </Button>
      )}
      {begin !== undefined && (
        <Button
          size="compact-sm"
          variant={state === 'lost' ? 'default' : 'filled'}
          onClick={() => (state === 'lost' ? sendings.hurry() : sendings.go(id))}
        >
          {begin}
        </Button>
      )}
      {parcel === null || sent === 0 ? (
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          onClick={() => (parcel === null ? sendings.remove(id) : sendings.discard(id))}
        >
          {parcel === null ? 'Later' : 'Give up'}
        </Button>
      ) : (
        <AskButton
          verb="Give up"
          question="Give up this upload?"
          size="compact-sm"
          variant="subtle"
          color="gray"
          onConfirm={() => sendings.discard(id)}
        >
          The {bytes(sent)} that were sent are removed from the service; the files on this machine stay.
        </AskButton>
      )}
    </>
  );
}

function factsOf({ state, sent, size, rate }: Row): string {
  const amount = `${bytes(sent)} of ${bytes(size)}`;
  if (state === 'asked') return `${bytes(size)}, not sent yet`;
  if (state === 'queued') return sent === 0 ? `${bytes(size)}, waits its turn` : `${amount}, waits its turn`;
  if (state === 'done') return `${bytes(size)} sent`;
  if (state === 'paused') return `${amount}, paused`;
  if (state === 'lost') return `${amount}, waits`;
  if (state === 'failed' || rate === null || rate <= 0) return amount;
  return `${amount}, ${bytes(rate)}/s, ${duration((size - sent) / rate)} left`;
}

function lostOf({ error, sent }: Row): string {
  const stays = sent === 0 ? '' : ` ${bytes(sent)} have arrived and stay there.`;
  return `${reasonOf(error)} It goes on by itself as soon as that is over.${stays}`;
}

function reasonOf(error: Row['error']): string {
  if (error === null || error.status === 0)
    return error?.code === 'offline' ? error.message : 'The service does not answer.';
  return error.message;
}

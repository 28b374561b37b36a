import { Alert, Button, Group, Skeleton, Stack } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { sentenceOf } from '@/api/errors';

type Props = { error: unknown; title?: string; onRetry?: () => void };

/** A failed request, at the place where the person is, in the server's own sentence. */
export function Fault({ error, title, onRetry }: Props) {
  if (error === null || error === undefined) return null;
  return (
    <Alert role="alert" variant="outline" color="red" icon={<IconAlertTriangle aria-hidden />} title={title} p="sm">
      <Group justify="space-between" gap="sm" wrap="nowrap" align="flex-start">
        <span>{sentenceOf(error)}</span>
        {onRetry !== undefined && (
          <Button size="compact-sm" variant="default" flex="none" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}

/** Grey lines where text will be; the same height as what comes, so that nothing jumps. */
export function Waiting({ lines = 3, height = 18 }: { lines?: number; height?: number }) {
  return (
    <Stack gap="xs" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={height} width={line === lines - 1 ? '60%' : '100%'} />
      ))}
    </Stack>
  );
}

import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { sentenceOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { askAnew, change, type Thing } from './life';

/** In a list: that a thing was put away, and the way back; nothing for any other. */
export function PutAway({ thing }: { thing: Thing }) {
  const { may } = useLab();
  const back = useMutation({
    mutationFn: () => change(thing, { archived: false }),
    onSuccess: askAnew,
    onError: (error) => notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) }),
  });
  if (thing.archived_at === null) return null;
  return (
    <Group gap="xs" mt={2}>
      <Text size="xs" c="dimmed">
        archived
      </Text>
      {may('researcher') && (
        <Button
          size="compact-xs"
          variant="default"
          loading={back.isPending}
          aria-label={`Bring back ${thing.name}`}
          onClick={() => back.mutate()}
        >
          Bring back
        </Button>
      )}
    </Group>
  );
}

import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

type Props = { title: string; children: ReactNode; action?: ReactNode };

/** What stands where nothing is yet: what belongs here, and what to do next. */
export function Empty({ title, children, action }: Props) {
  return (
    <Stack align="flex-start" gap="xs" py="md">
      <Title order={3}>{title}</Title>
      <Text c="dimmed" size="sm" maw={560}>
        {children}
      </Text>
      {action}
    </Stack>
  );
}

import { Alert, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyLine } from '@/components/CopyLine';
import { moment } from '@/components/format';

type Props = { title: string; url: string; expiresAt: string; children: ReactNode };

/** A link that was just made, to be copied and handed to somebody. */
export function HandedLink({ title, url, expiresAt, children }: Props) {
  return (
    <Alert role="status" variant="outline" color="green" title={title} mt="md" p="sm">
      <Text size="sm" mb="xs">
        {children} It is shown only now, and good until {moment(expiresAt)}.
      </Text>
      <CopyLine text={url} label="the link" />
    </Alert>
  );
}

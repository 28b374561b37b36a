import { Alert, Code, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { http, take } from '@/api/client';
import { AskButton } from '@/components/AskButton';
import { CopyLine } from '@/components/CopyLine';
import { Fault } from '@/components/Fault';
import { Panel } from '@/components/Page';

type Props = { lab: string; secret: string | null; onSecret: (secret: string) => void };

/** The secret while it may be seen, and how the other side makes use of it. */
export function Signing({ lab, secret, onSecret }: Props) {
  const change = useMutation({
    mutationFn: () => take(http.POST('/api/v1/labs/{id}/webhook/secret/', { params: { path: { id: lab } } })),
    onSuccess: (made) => onSecret(made.secret),
  });
  return (
    <Panel title="Signature">
      <Stack gap="sm">
        {secret !== null && (
          <Alert role="status" variant="outline" color="green" title="The secret" p="sm">
            <Text size="sm" mb="xs">
              Hand it to the other side. It is shown only now.
            </Text>
            <CopyLine text={secret} label="the secret" />
          </Alert>
        )}
        <Text size="sm">
          Each request is a POST with JSON. Its header <Code>Atelier-Signature</Code> is <Code>sha256=</Code> and the
          HMAC-SHA256, by the secret, of the header <Code>Atelier-Timestamp</Code> (seconds since 1970), a dot, and the
          body as it came.
        </Text>
        <Text size="sm">
          The other side computes the same, refuses what differs or is older than some minutes, and answers 200 to 299
          within 5 seconds. Else it is tried again after a minute, ten minutes and an hour.
        </Text>
        <Text size="sm">
          <Code>Atelier-Delivery</Code> is the same in each try; what came already under it may be dropped.
        </Text>
        <Fault error={change.error} />
        <AskButton verb="New secret" question="Make a new secret?" onConfirm={() => change.mutate()}>
          Signatures are made with it from now on; the other side refuses them until it has it.
        </AskButton>
      </Stack>
    </Panel>
  );
}

import { Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api, http, queries, take } from '@/api/client';
import type { Lab } from '@/api/session';
import { AskButton } from '@/components/AskButton';
import { Fault, Waiting } from '@/components/Fault';
import { ago, moment } from '@/components/format';
import { Panel } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';

const LIST = '/api/v1/labs/{id}/tokens/';

/** The members' tokens that are good for this lab alone: what they are called and may, and an end to each. */
export function LabTokens({ lab }: { lab: Lab }) {
  const { data: tokens, error, refetch } = api.useQuery('get', LIST, { params: { path: { id: lab.id } } });
  const revoke = useMutation({
    mutationFn: (token: string) =>
      take(http.DELETE('/api/v1/labs/{id}/tokens/{token}/', { params: { path: { id: lab.id, token } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', LIST] }),
  });
  return (
    <Panel title="Tokens for this lab">
      <Stack gap="sm">
        {error !== null && <Fault error={error} onRetry={() => void refetch()} />}
        <Fault error={revoke.error} />
        {tokens === undefined && error === null && <Waiting />}
        {tokens?.length === 0 && (
          <Text size="sm" c="dimmed">
            No member has a token that is good for this lab alone.
          </Text>
        )}
        {tokens !== undefined && tokens.length > 0 && (
          <TableScroll label="Tokens for this lab" minWidth={620}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Of</Table.Th>
                <Table.Th>May</Table.Th>
                <Table.Th>Last used</Table.Th>
                <Table.Th>Expires</Table.Th>
                <Table.Th pos="relative">
                  <VisuallyHidden>Acts</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {tokens.map((token) => (
                <Table.Tr key={token.id}>
                  <Table.Td fw={500}>{token.name}</Table.Td>
                  <Table.Td>{token.person_name}</Table.Td>
                  <Table.Td>{['read', ...token.scopes].join(', ')}</Table.Td>
                  <Table.Td>{token.last_used_at === null ? 'never' : ago(token.last_used_at)}</Table.Td>
                  <Table.Td>{moment(token.expires_at)}</Table.Td>
                  <Table.Td ta="right">
                    <AskButton
                      verb="Revoke"
                      question={`Revoke “${token.name}” of ${token.person_name}?`}
                      size="compact-sm"
                      onConfirm={() => revoke.mutate(token.id)}
                    >
                      Programs that use it are refused from now on.
                    </AskButton>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </TableScroll>
        )}
      </Stack>
    </Panel>
  );
}

import { Group, NativeSelect, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, http, queries, take, type Schemas } from '@/api/client';
import { includes, readSession, sessionOptions, type Lab, type Role } from '@/api/session';
import { AskButton } from '@/components/AskButton';
import { Fault, Waiting } from '@/components/Fault';
import { TableScroll } from '@/components/TableScroll';
import { HandedLink } from './HandedLink';
import { ROLE_CHOICES } from './words';

type Member = Schemas['Member'];

/** The people of a lab. Admins change those whose role is not above theirs; everybody may leave. */
export function MemberTable({ lab }: { lab: Lab }) {
  const place = { params: { path: { id: lab.id } } };
  const { data: members, error, refetch } = api.useQuery('get', '/api/v1/labs/{id}/members/', place);
  const { data: session } = useQuery(sessionOptions);
  const own = session?.person?.id;
  const listed = () => queries.invalidateQueries({ queryKey: ['get', '/api/v1/labs/{id}/members/'] });
  const path = (person: string) => ({ params: { path: { id: lab.id, person } } });
  const change = useMutation({
    mutationFn: ({ id, role }: { id: string; role: Role }) =>
      take(http.PATCH('/api/v1/labs/{id}/members/{person}/', { ...path(id), body: { role } })),
    onSettled: () => Promise.all([listed(), readSession()]),
  });
  const remove = useMutation({
    mutationFn: (id: string) => take(http.DELETE('/api/v1/labs/{id}/members/{person}/', path(id))),
    onSuccess: (_, id) => (id === own ? readSession() : listed()),
  });
  const link = useMutation({
    mutationFn: ({ id }: Member) => take(http.POST('/api/v1/labs/{id}/members/{person}/password-link/', path(id))),
  });
  if (error !== null) return <Fault error={error} onRetry={() => void refetch()} />;
  if (members === undefined) return <Waiting />;
  const isAdmin = includes(lab.role, 'admin');
  return (
    <Stack gap="sm">
      <Fault error={change.error ?? remove.error ?? link.error} />
      <TableScroll label="Members" minWidth={isAdmin ? 620 : 320}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            {isAdmin && <Table.Th>E-mail</Table.Th>}
            <Table.Th>Role</Table.Th>
            <Table.Th pos="relative">
              <VisuallyHidden>Acts</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {members.map((member) => (
            <Table.Tr key={member.id}>
              <Table.Td fw={500}>
                {member.name}
                {member.id === own && ' (you)'}
                {!member.is_active && (
                  <Text span c="dimmed">
                    {' '}
                    (shut out of the server)
                  </Text>
                )}
              </Table.Td>
              {isAdmin && <Table.Td>{member.email}</Table.Td>}
              <Table.Td>
                {isAdmin && includes(lab.role, member.role) ? (
                  <NativeSelect
                    size="xs"
                    w={120}
                    aria-label={`Role of ${member.name}`}
                    value={member.role}
                    disabled={change.isPending}
                    data={ROLE_CHOICES.filter(({ value }) => includes(lab.role, value))}
                    onChange={(event) => change.mutate({ id: member.id, role: event.currentTarget.value as Role })}
                  />
                ) : (
                  member.role
                )}
              </Table.Td>
              <Table.Td>
                <Group gap="xs" justify="flex-end" wrap="nowrap">
                  {isAdmin && member.id !== own && includes(lab.role, member.role) && (
                    <>
                      <AskButton
                        verb="Password link"
                        question={`Make a password link for “${member.name}”?`}
                        size="compact-sm"
                        onConfirm={() => link.mutate(member)}
                      >
                        Whoever has it can set a new password, once. Hand it to {member.name} only.
                      </AskButton>
                      <AskButton
                        verb="Remove"
                        question={`Remove “${member.name}” from ${lab.name}?`}
                        size="compact-sm"
                        onConfirm={() => remove.mutate(member.id)}
                      >
                        They see nothing of this lab any more. What they made stays.
                      </AskButton>
                    </>
                  )}
                  {member.id === own && (
                    <AskButton
                      verb="Leave"
                      question={`Leave ${lab.name}?`}
                      size="compact-sm"
                      onConfirm={() => remove.mutate(member.id)}
                    >
                      You see nothing of this lab any more. What you made stays.
                    </AskButton>
                  )}
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </TableScroll>
      {link.data !== undefined && (
        <HandedLink title={`Link for ${link.variables.name}`} url={link.data.url} expiresAt={link.data.expires_at}>
          Whoever has it can set a new password, once.
        </HandedLink>
      )}
    </Stack>
  );
}

import { Button, Group, NativeSelect, NumberInput, Stack, Table, TextInput, VisuallyHidden } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { api, http, queries, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { includes, type Lab, type Role } from '@/api/session';
import { AskButton } from '@/components/AskButton';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { moment } from '@/components/format';
import { Panel } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';
import { HandedLink } from './HandedLink';
import { ROLE_CHOICES, ROLE_WORDS } from './words';

const LIST = '/api/v1/labs/{id}/invitations/';
const listed = () => queries.invalidateQueries({ queryKey: ['get', LIST] });

/** The invitations by which somebody can still join. */
export function Invitations({ lab }: { lab: Lab }) {
  const { data: open, error, refetch } = api.useQuery('get', LIST, { params: { path: { id: lab.id } } });
  const revoke = useMutation({
    mutationFn: (invitation: string) =>
      take(
        http.DELETE('/api/v1/labs/{id}/invitations/{invitation}/', { params: { path: { id: lab.id, invitation } } }),
      ),
    onSuccess: listed,
  });
  return (
    <Panel title="Invitations">
      {error !== null && <Fault error={error} onRetry={() => void refetch()} />}
      <Fault error={revoke.error} />
      {open === undefined && error === null && <Waiting />}
      {open?.length === 0 && <Empty title="Nobody is invited">A new invitation is a link that you hand over.</Empty>}
      {open !== undefined && open.length > 0 && (
        <TableScroll label="Invitations" minWidth={560}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Role</Table.Th>
              <Table.Th>For</Table.Th>
              <Table.Th>Used</Table.Th>
              <Table.Th>Made by</Table.Th>
              <Table.Th>Expires</Table.Th>
              <Table.Th pos="relative">
                <VisuallyHidden>Acts</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {open.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td fw={500}>{one.role}</Table.Td>
                <Table.Td>{one.email === '' ? 'whoever has the link' : one.email}</Table.Td>
                <Table.Td>
                  {one.times_used} of {one.max_uses}
                </Table.Td>
                <Table.Td>{one.made_by}</Table.Td>
                <Table.Td>{moment(one.expires_at)}</Table.Td>
                <Table.Td ta="right">
                  <AskButton
                    verb="Revoke"
                    question="Revoke this invitation?"
                    size="compact-sm"
                    onConfirm={() => revoke.mutate(one.id)}
                  >
                    Its link opens nothing any more. Who joined by it stays.
                  </AskButton>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </TableScroll>
      )}
    </Panel>
  );
}

/** Make an invitation; its link is shown once. */
export function NewInvitation({ lab }: { lab: Lab }) {
  const form = useForm<Required<Schemas['NewInvitationRequest']>>({
    initialValues: { role: 'viewer', email: '', days: 7, max_uses: 1 },
  });
  const invite = useMutation({
    mutationFn: (body: Schemas['NewInvitationRequest']) =>
      take(http.POST(LIST, { params: { path: { id: lab.id } }, body })),
    onSuccess: async () => {
      form.reset();
      await listed();
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  return (
    <Panel title="Invite somebody">
      <form onSubmit={form.onSubmit((values) => invite.mutate(values))}>
        <Stack gap="sm">
          <NativeSelect
            label="Role"
            description={`${ROLE_WORDS[form.values.role]}.`}
            data={ROLE_CHOICES.filter(({ value }) => includes(lab.role, value))}
            {...form.getInputProps('role')}
            onChange={(event) => form.setFieldValue('role', event.currentTarget.value as Role)}
          />
          <TextInput
            label="E-mail"
            description="If given, only this address may use the link. Nothing is sent."
            type="email"
            {...form.getInputProps('email')}
          />
          <NumberInput label="People who can join by it" min={1} max={100} {...form.getInputProps('max_uses')} />
          <NumberInput label="Days until it expires" min={1} max={60} {...form.getInputProps('days')} />
          <Fault error={invite.error} />
          <Group>
            <Button type="submit" loading={invite.isPending}>
              Make a link
            </Button>
          </Group>
        </Stack>
      </form>
      {invite.data !== undefined && (
        <HandedLink title="Hand this link over" url={invite.data.url} expiresAt={invite.data.expires_at}>
          Whoever opens it joins {lab.name} as {invite.data.role}.
        </HandedLink>
      )}
    </Panel>
  );
}

import { Button, Group, Stack, Table, TextInput, VisuallyHidden } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { api, http, queries, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { readSession, sessionOptions } from '@/api/session';
import { AskButton } from '@/components/AskButton';
import { Fault, Waiting } from '@/components/Fault';
import { ago } from '@/components/format';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { TableScroll } from '@/components/TableScroll';
import { HandedLink } from './HandedLink';

type Somebody = Schemas['ServerPerson'];
const LIST_KEY = ['get', '/api/v1/people/'];

/** For the staff of the server: everybody with an account, and new labs. */
export function ServerPage() {
  const { data: people, error, refetch } = api.useQuery('get', '/api/v1/people/');
  return (
    <Page>
      <PageHead
        title="Everybody on this server"
        crumbs={[{ label: 'Home', to: '/' }]}
        summary="Staff run the server; in a lab they are only what they are there."
        actions={
          error === null && (
            <Button component={Link} to="/workers" variant="default">
              Workers
            </Button>
          )
        }
      />
      <Columns
        main={
          <Panel title="Accounts">
            {error !== null && <Fault error={error} onRetry={() => void refetch()} />}
            {people === undefined && error === null && <Waiting />}
            {people !== undefined && <Accounts people={people} />}
          </Panel>
        }
        aside={error === null && <NewLab />}
      />
    </Page>
  );
}

function Accounts({ people }: { people: Somebody[] }) {
  const { data: session } = useQuery(sessionOptions);
  const path = (id: string) => ({ params: { path: { id } } });
  const access = useMutation({
    mutationFn: ({ id, is_active }: Somebody) =>
      take(http.PATCH('/api/v1/people/{id}/', { ...path(id), body: { is_active: !is_active } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: LIST_KEY }),
  });
  const link = useMutation({
    mutationFn: ({ id }: Somebody) => take(http.POST('/api/v1/people/{id}/password-link/', path(id))),
  });
  return (
    <Stack gap="sm">
      <Fault error={access.error ?? link.error} />
      <TableScroll label="Accounts" minWidth={760}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>E-mail</Table.Th>
            <Table.Th>Labs</Table.Th>
            <Table.Th>Last login</Table.Th>
            <Table.Th pos="relative">
              <VisuallyHidden>Acts</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {people.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td fw={500}>
                {one.name}
                {one.is_staff && ' (staff)'}
                {!one.is_active && ' (shut out)'}
              </Table.Td>
              <Table.Td>{one.email}</Table.Td>
              <Table.Td>{one.labs.length === 0 ? 'none' : one.labs.join(', ')}</Table.Td>
              <Table.Td>{one.last_login === null ? 'never' : ago(one.last_login)}</Table.Td>
              <Table.Td>
                {one.id !== session?.person?.id && (
                  <Group gap="xs" justify="flex-end" wrap="nowrap">
                    {one.is_active && (
                      <AskButton
                        verb="Password link"
                        question={`Make a password link for “${one.name}”?`}
                        size="compact-sm"
                        onConfirm={() => link.mutate(one)}
                      >
                        Whoever has it can set a new password, once. Hand it to {one.name} only.
                      </AskButton>
                    )}
                    <AskButton
                      verb={one.is_active ? 'Shut out' : 'Let in'}
                      question={one.is_active ? `Shut “${one.name}” out?` : `Let “${one.name}” in again?`}
                      size="compact-sm"
                      onConfirm={() => access.mutate(one)}
                    >
                      {one.is_active
                        ? 'They are logged out everywhere at once, and their tokens are revoked. What they made stays.'
                        : 'They can log in again. Tokens stay revoked.'}
                    </AskButton>
                  </Group>
                )}
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

function NewLab() {
  const navigate = useNavigate();
  const { choose } = useLab();
  const form = useForm({ initialValues: { name: '' } });
  const create = useMutation({
    mutationFn: (body: { name: string }) => take(http.POST('/api/v1/labs/', { body })),
    onSuccess: async (lab) => {
      await readSession();
      choose(lab.id);
      await navigate('/people');
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  return (
    <Panel title="New lab">
      <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="You own it; invite another owner and leave if it is not for you."
            required
            maxLength={120}
            {...form.getInputProps('name')}
          />
          <Fault error={create.error} />
          <Group>
            <Button type="submit" loading={create.isPending}>
              Make the lab
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

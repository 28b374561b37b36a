import { Alert, Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { http, queries, SESSION_KEY, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { readSession, sessionOptions, type Session } from '@/api/session';
import { Fault } from '@/components/Fault';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PASSWORD_HINT, passwordFault } from './words';

/** What others see of one, the password, and the way to the tokens. */
export function AccountPage() {
  const { data: session } = useQuery(sessionOptions);
  if (session === undefined || session.person === null) return null;
  return (
    <Page>
      <PageHead title="Your account" crumbs={[{ label: 'Home', to: '/' }]} summary={session.person.email} />
      <Columns
        main={
          <>
            <OwnName key={session.person.name} name={session.person.name} />
            <OwnPassword />
          </>
        }
        aside={
          <>
            <Panel title="Labs">
              {session.labs.length === 0 && <Text c="dimmed">You are in no lab.</Text>}
              <Stack gap={6}>
                {session.labs.map((lab) => (
                  <Text key={lab.id}>
                    {lab.name}: {lab.role}
                  </Text>
                ))}
              </Stack>
            </Panel>
            <Panel title="API tokens">
              <Text c="dimmed" mb="sm">
                Keys with which programs act as you.
              </Text>
              <Button component={Link} to="/tokens" variant="default">
                Open the tokens
              </Button>
            </Panel>
          </>
        }
      />
    </Page>
  );
}

function OwnName({ name }: { name: string }) {
  const form = useForm({ initialValues: { name } });
  const rename = useMutation({
    mutationFn: (body: { name: string }) => take(http.PATCH('/api/v1/session/person/', { body })),
    onSuccess: readSession,
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  return (
    <Panel title="Name">
      <form onSubmit={form.onSubmit((values) => rename.mutate(values))}>
        <Stack gap="sm">
          <TextInput
            label="Your name"
            description="Others see it beside what you make."
            autoComplete="name"
            required
            maxLength={120}
            {...form.getInputProps('name')}
          />
          <Fault error={rename.error} />
          <Group>
            <Button type="submit" variant="default" loading={rename.isPending} disabled={!form.isDirty()}>
              Save the name
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function OwnPassword() {
  const form = useForm<Schemas['NewPasswordRequest']>({
    initialValues: { old_password: '', password: '' },
    validate: { password: passwordFault },
  });
  const change = useMutation({
    mutationFn: (body: Schemas['NewPasswordRequest']) => take(http.POST('/api/v1/session/password/', { body })),
    onSuccess: async (session: Session) => {
      form.reset();
      queries.setQueryData(SESSION_KEY, session);
      await readSession();
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  return (
    <Panel title="Password">
      <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
        <Stack gap="sm">
          <PasswordInput
            label="Password so far"
            autoComplete="current-password"
            required
            {...form.getInputProps('old_password')}
          />
          <PasswordInput
            label="New password"
            description={PASSWORD_HINT}
            autoComplete="new-password"
            required
            {...form.getInputProps('password')}
          />
          <Text c="dimmed">Other browsers in which you are logged in are logged out. Tokens go on working.</Text>
          <Fault error={change.error} />
          {change.isSuccess && (
            <Alert role="status" variant="outline" color="green" p="sm">
              The password is changed.
            </Alert>
          )}
          <Group>
            <Button type="submit" variant="default" loading={change.isPending}>
              Change the password
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

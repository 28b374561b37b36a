import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'react-router';
import { http, queries, take } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { readSession, sessionOptions } from '@/api/session';
import { Fault } from '@/components/Fault';
import { Entrance } from './Entrance';
import { PASSWORD_HINT, passwordFault } from './words';

/** A password link was opened: set a new password. */
export function ResetPage() {
  const key = useLocation().hash.slice(1);
  useQuery(sessionOptions);
  const form = useForm({ initialValues: { password: '' }, validate: { password: passwordFault } });
  const reset = useMutation({
    mutationFn: (values: { password: string }) =>
      take(http.POST('/api/v1/session/reset/', { body: { ...values, key } })),
    onSuccess: async () => {
      queries.clear();
      await readSession();
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  if (reset.isSuccess)
    return (
      <Entrance title="New password">
        <Stack role="status">
          <Text>The password is set. Wherever you were logged in, you are logged out.</Text>
          <Button component={Link} to="/login">
            Log in with it
          </Button>
        </Stack>
      </Entrance>
    );
  return (
    <Entrance title="New password">
      {key === '' ? (
        <Text>The link is not whole; copy all of it, also what stands behind the #.</Text>
      ) : (
        <form onSubmit={form.onSubmit((values) => reset.mutate(values))}>
          <Stack>
            <PasswordInput
              label="New password"
              description={PASSWORD_HINT}
              autoComplete="new-password"
              required
              autoFocus
              {...form.getInputProps('password')}
            />
            <Fault error={reset.error} />
            <Button type="submit" loading={reset.isPending}>
              Set the password
            </Button>
          </Stack>
        </form>
      )}
    </Entrance>
  );
}

/** The password was forgotten: have a link sent, or learn who can hand one over. */
export function ForgottenPage() {
  const { data: session } = useQuery(sessionOptions);
  const form = useForm({ initialValues: { email: '' } });
  const ask = useMutation({
    mutationFn: (body: { email: string }) => take(http.POST('/api/v1/session/forgotten/', { body })),
  });
  return (
    <Entrance title="Forgotten password">
      <Stack>
        {session?.can_mail === false && (
          <Text>
            This service sends no mail. Ask an admin of your lab, or the staff of this server, for a link with which you
            can set a new password.
          </Text>
        )}
        {session?.can_mail === true && ask.isSuccess && (
          <Text role="status">
            If there is an account with this address, a link is on its way to it. It is good for an hour.
          </Text>
        )}
        {session?.can_mail === true && !ask.isSuccess && (
          <form onSubmit={form.onSubmit((values) => ask.mutate(values))}>
            <Stack>
              <TextInput
                label="E-mail"
                type="email"
                autoComplete="username"
                required
                autoFocus
                {...form.getInputProps('email')}
              />
              <Fault error={ask.error} />
              <Button type="submit" loading={ask.isPending}>
                Send me a link
              </Button>
            </Stack>
          </form>
        )}
        <Anchor component={Link} to="/login" size="sm">
          Back to the login
        </Anchor>
      </Stack>
    </Entrance>
  );
}

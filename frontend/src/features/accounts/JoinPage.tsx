import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { http, queries, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { readSession, sessionOptions, type Session } from '@/api/session';
import { Fault, Waiting } from '@/components/Fault';
import { Entrance } from './Entrance';
import { LoginForm } from './LoginPage';
import { PASSWORD_HINT, passwordFault } from './words';

type Invited = Schemas['Invited'];

/** An invitation was opened: what it is for, and the ways to accept it. */
export function JoinPage() {
  const key = useLocation().hash.slice(1);
  const { data: session } = useQuery(sessionOptions);
  const look = useQuery({
    queryKey: ['invitation', key],
    queryFn: () => take(http.POST('/api/v1/invitations/look/', { body: { key } })),
    enabled: session !== undefined && key !== '',
    staleTime: Infinity,
  });
  return (
    <Entrance title="Invitation">
      {key === '' && <Text>The link is not whole; copy all of it, also what stands behind the #.</Text>}
      {look.error !== null && <Fault error={look.error} />}
      {key !== '' && (look.data === undefined || session === undefined) && look.error === null && <Waiting />}
      {look.data !== undefined && session !== undefined && (
        <Stack>
          <Text>
            {look.data.made_by ?? 'Somebody'} invites you to <b>{look.data.lab_name}</b> as {look.data.role}.
          </Text>
          {session.person === null ? (
            <Stranger invited={look.data} keyText={key} />
          ) : (
            <Join session={session} keyText={key} />
          )}
        </Stack>
      )}
    </Entrance>
  );
}

/** Join with the account that is logged in. */
function Join({ session, keyText }: { session: Session; keyText: string }) {
  const navigate = useNavigate();
  const join = useMutation({
    mutationFn: () => take(http.POST('/api/v1/invitations/accept/', { body: { key: keyText } })),
    onSuccess: async () => {
      await readSession();
      await navigate('/', { replace: true });
    },
  });
  const logOut = async () => {
    await take(http.POST('/api/v1/session/logout/'));
    await readSession();
  };
  return (
    <>
      <Fault error={join.error} />
      <Button loading={join.isPending} onClick={() => join.mutate()}>
        Join as {session.person?.name}
      </Button>
      <Anchor component="button" type="button" size="sm" onClick={() => void logOut()}>
        I am somebody else
      </Anchor>
    </>
  );
}

/** Somebody not logged in makes an account, or logs in. */
function Stranger({ invited, keyText }: { invited: Invited; keyText: string }) {
  const [hasAccount, setHasAccount] = useState(false);
  return (
    <>
      {hasAccount ? <LoginForm /> : <Registration invited={invited} keyText={keyText} />}
      <Anchor component="button" type="button" size="sm" onClick={() => setHasAccount(!hasAccount)}>
        {hasAccount ? 'I have no account yet' : 'I have an account already'}
      </Anchor>
    </>
  );
}

function Registration({ invited, keyText }: { invited: Invited; keyText: string }) {
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { name: '', email: invited.email, password: '' },
    validate: { password: passwordFault },
  });
  const register = useMutation({
    mutationFn: (values: typeof form.values) =>
      take(http.POST('/api/v1/session/register/', { body: { ...values, key: keyText } })),
    onSuccess: async () => {
      queries.removeQueries({ queryKey: ['invitation'] });
      await readSession();
      await navigate('/', { replace: true });
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  return (
    <form onSubmit={form.onSubmit((values) => register.mutate(values))}>
      <Stack>
        <TextInput label="Your name" autoComplete="name" required autoFocus {...form.getInputProps('name')} />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          readOnly={invited.email !== ''}
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label="Password"
          description={PASSWORD_HINT}
          autoComplete="new-password"
          required
          {...form.getInputProps('password')}
        />
        <Fault error={register.error} />
        <Button type="submit" loading={register.isPending}>
          Create the account and join
        </Button>
      </Stack>
    </form>
  );
}

import { Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'react-router';
import { http, take, type Schemas } from '@/api/client';
import { readSession } from '@/api/session';
import { Fault } from '@/components/Fault';
import { Entrance } from './Entrance';

/** Log in by e-mail address and password. */
export function LoginPage() {
  return (
    <Entrance title="Log in">
      <Stack>
        <LoginForm />
        <Anchor component={Link} to="/forgotten" size="sm">
          Forgot the password?
        </Anchor>
      </Stack>
    </Entrance>
  );
}

export function LoginForm() {
  const form = useForm<Schemas['LoginRequest']>({ initialValues: { email: '', password: '' } });
  const login = useMutation({
    mutationFn: (body: Schemas['LoginRequest']) => take(http.POST('/api/v1/session/login/', { body })),
    onSuccess: readSession,
    onError: () => form.setFieldValue('password', ''),
  });
  return (
    <form onSubmit={form.onSubmit((values) => login.mutate(values))}>
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          autoFocus
          {...form.getInputProps('email')}
        />
        <PasswordInput label="Password" autoComplete="current-password" required {...form.getInputProps('password')} />
        <Fault error={login.error} />
        <Button type="submit" loading={login.isPending}>
          Log in
        </Button>
      </Stack>
    </form>
  );
}

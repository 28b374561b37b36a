import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { http, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { readSession, sessionOptions } from '@/api/session';
import { Fault } from '@/components/Fault';
import { Entrance } from './Entrance';
import { PASSWORD_HINT, passwordFault } from './words';

/** The first visitor becomes owner of the first lab. */
export function SetupPage() {
  const { data: session } = useQuery(sessionOptions);
  const form = useForm<Required<Schemas['SetupRequest']>>({
    initialValues: { name: '', email: '', password: '', lab_name: '', setup_code: '' },
    validate: {
      password: passwordFault,
    },
  });
  const setUp = useMutation({
    mutationFn: (body: Schemas['SetupRequest']) => take(http.POST('/api/v1/session/setup/', { body })),
    onSuccess: readSession,
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  return (
    <Entrance title="Set up this service">
      <form onSubmit={form.onSubmit((values) => setUp.mutate(values))}>
        <Stack>
          <Text size="sm" c="dimmed">
            You are the first here, so you become the owner of the first lab.
          </Text>
          <TextInput label="Your name" autoComplete="name" required autoFocus {...form.getInputProps('name')} />
          <TextInput label="E-mail" type="email" autoComplete="username" required {...form.getInputProps('email')} />
          <PasswordInput
            label="Password"
            description={PASSWORD_HINT}
            autoComplete="new-password"
            required
            {...form.getInputProps('password')}
          />
          <TextInput
            label="Name of your lab"
            description="May stay empty; it can be changed later, under People."
            {...form.getInputProps('lab_name')}
          />
          {session?.setup_code_needed === true && (
            <TextInput
              label="Setup code"
              description="Printed in the terminal in which the service was started."
              autoComplete="off"
              required
              {...form.getInputProps('setup_code')}
            />
          )}
          <Fault error={setUp.error} />
          <Button type="submit" loading={setUp.isPending}>
            Create the account
          </Button>
        </Stack>
      </form>
    </Entrance>
  );
}

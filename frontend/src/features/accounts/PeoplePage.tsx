import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'react-router';
import { http, take } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { readSession, type Lab } from '@/api/session';
import { Empty } from '@/components/Empty';
import { Fault } from '@/components/Fault';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { Invitations, NewInvitation } from './Invitations';
import { LabTokens } from './LabTokens';
import { MemberTable } from './MemberTable';
import { NearCopies } from './NearCopies';
import { ROLE_CHOICES, ROLE_WORDS } from './words';

/** Who is in the lab and as what; for admins also who is invited, and what the lab is called. */
export function PeoplePage() {
  const { lab, may } = useLab();
  if (lab === null)
    return (
      <Page>
        <PageHead title="People" crumbs={[{ label: 'Home', to: '/' }]} />
        <Empty title="You are in no lab">Ask an owner or admin of a lab for an invitation.</Empty>
      </Page>
    );
  return (
    <Page>
      <PageHead
        title="People"
        crumbs={[{ label: lab.name, to: '/' }]}
        summary={`You are ${lab.role} here.`}
        actions={
          may('admin') && (
            <>
              <Button component={Link} to="/webhook" variant="default">
                Webhook
              </Button>
              <Button component={Link} to="/log" variant="default">
                Log
              </Button>
            </>
          )
        }
      />
      <Columns
        main={
          <>
            <Panel title="Members">
              <MemberTable lab={lab} />
            </Panel>
            {may('admin') && <Invitations lab={lab} />}
            {may('admin') && <LabTokens lab={lab} />}
          </>
        }
        aside={
          <>
            {may('admin') && <NewInvitation key={lab.id} lab={lab} />}
            {may('admin') && <LabName key={`${lab.id}${lab.name}`} lab={lab} />}
            {may('admin') && <NearCopies lab={lab} />}
            <Panel title="Roles">
              <Stack gap={6}>
                {ROLE_CHOICES.map(({ value }) => (
                  <Text key={value} size="sm">
                    <b>{value}</b>: {ROLE_WORDS[value]}.
                  </Text>
                ))}
              </Stack>
            </Panel>
          </>
        }
      />
    </Page>
  );
}

function LabName({ lab }: { lab: Lab }) {
  const form = useForm({ initialValues: { name: lab.name } });
  const rename = useMutation({
    mutationFn: (body: { name: string }) =>
      take(http.PATCH('/api/v1/labs/{id}/', { params: { path: { id: lab.id } }, body })),
    onSuccess: readSession,
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  return (
    <Panel title="Name of the lab">
      <form onSubmit={form.onSubmit((values) => rename.mutate(values))}>
        <Stack gap="sm">
          <TextInput aria-label="Name of the lab" required maxLength={120} {...form.getInputProps('name')} />
          <Fault error={rename.error} />
          <Group>
            <Button type="submit" variant="default" loading={rename.isPending} disabled={!form.isDirty()}>
              Rename
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

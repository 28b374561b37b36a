import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, http, queries, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import type { Lab } from '@/api/session';
import { AskButton } from '@/components/AskButton';
import { Fault, Waiting } from '@/components/Fault';
import { moment } from '@/components/format';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { Deliveries } from './Deliveries';
import { askAnew, LIST, PATH } from './paths';
import { useTest } from './useTest';
import { Signing } from './Signing';

const CRUMBS = [{ label: 'People', to: '/people' }];

/** Another service is told when a run of the lab ends; for admins and owners. */
export function WebhookPage() {
  const { lab, may } = useLab();
  if (lab === null || !may('admin'))
    return (
      <Page>
        <PageHead title="Webhook" crumbs={CRUMBS} />
        <Text>The webhook needs the role admin in this lab.</Text>
      </Page>
    );
  return <WebhookOf key={lab.id} lab={lab} />;
}

function WebhookOf({ lab }: { lab: Lab }) {
  const { data, error, refetch } = api.useQuery('get', PATH, { params: { path: { id: lab.id } } });
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <Page>
      <PageHead
        title="Webhook"
        crumbs={CRUMBS}
        summary={`Tells a service of your choice when a run of ${lab.name} ends, whether well or not.`}
      />
      <Columns
        main={
          <>
            <Panel title="Where to">
              {data === undefined && error === null && <Waiting />}
              {error !== null && <Fault error={error} onRetry={() => void refetch()} />}
              {data !== undefined && (
                <Address key={data.url} lab={lab} webhook={data} onSecret={(made) => setSecret(made)} />
              )}
            </Panel>
            {data !== undefined && data.url !== null && <Deliveries lab={lab.id} />}
          </>
        }
        aside={data !== undefined && data.url !== null && <Signing lab={lab.id} secret={secret} onSecret={setSecret} />}
      />
    </Page>
  );
}

type AddressProps = { lab: Lab; webhook: Schemas['Webhook']; onSecret: (secret: string | null) => void };

function Address({ lab, webhook, onSecret }: AddressProps) {
  const form = useForm({ initialValues: { url: webhook.url ?? '' } });
  const init = { params: { path: { id: lab.id } } };
  const set = useMutation({
    mutationFn: (body: { url: string }) => take(http.PUT(PATH, { ...init, body })),
    onSuccess: async ({ secret }) => {
      if (secret !== null) onSecret(secret);
      await askAnew(PATH, LIST);
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  const remove = useMutation({
    mutationFn: () => take(http.DELETE(PATH, init)),
    onSuccess: async () => {
      onSecret(null);
      queries.removeQueries({ queryKey: ['get', LIST] });
      await askAnew(PATH);
    },
  });
  const test = useTest(lab.id);
  const hosts = webhook.allowed_hosts;
  if (hosts.length === 0 && webhook.url === null)
    return (
      <Text size="sm">
        This service sends nothing to others. Who runs it names the hosts that it may send to by the setting
        WEBHOOK_HOSTS.
      </Text>
    );
  return (
    <form onSubmit={form.onSubmit((values) => set.mutate(values))}>
      <Stack gap="sm">
        <TextInput
          label="Address"
          description={`At ${hosts.length === 0 ? 'no host for now' : hosts.join(', ')}, as WEBHOOK_HOSTS of the service says. What is sent to http:// can be read on its way.`}
          placeholder="https://"
          required
          maxLength={500}
          {...form.getInputProps('url')}
        />
        {webhook.set_at !== null && (
          <Text size="xs" c="dimmed">
            Set {webhook.set_by !== null && `by ${webhook.set_by}, `}
            {moment(webhook.set_at)}.
          </Text>
        )}
        <Fault error={set.error ?? remove.error ?? test.error} />
        <Group gap="xs">
          <Button type="submit" loading={set.isPending} disabled={!form.isDirty()}>
            {webhook.url === null ? 'Set the address' : 'Change the address'}
          </Button>
          {webhook.url !== null && (
            <>
              <Button
                variant="default"
                loading={test.isPending}
                disabled={form.isDirty()}
                onClick={() => test.mutate()}
              >
                Send a test
              </Button>
              <AskButton verb="Remove" question="Remove the webhook?" onConfirm={() => remove.mutate()}>
                Nothing is sent any more, what waits neither, and the list of what was sent goes, too.
              </AskButton>
            </>
          )}
        </Group>
      </Stack>
    </form>
  );
}

import {
  Alert,
  Button,
  Checkbox,
  Group,
  NativeSelect,
  NumberInput,
  Stack,
  Table,
  Text,
  TextInput,
  VisuallyHidden,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { api, http, queries, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { AskButton } from '@/components/AskButton';
import { CopyLine } from '@/components/CopyLine';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { ago, moment } from '@/components/format';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { TableScroll } from '@/components/TableScroll';

type Scope = Schemas['Scope'];

const LIST_KEY = ['get', '/api/v1/tokens/'];
const EVERY_LAB = '';

/** Keys for programs: made, shown once, revoked. */
export function TokensPage() {
  const { data: tokens, error, refetch } = api.useQuery('get', '/api/v1/tokens/');
  return (
    <Page>
      <PageHead
        title="API tokens"
        crumbs={[{ label: 'Home', to: '/' }]}
        summary="Keys with which programs act as you."
      />
      <Columns
        main={
          <Panel title="Your tokens">
            {error !== null && <Fault error={error} onRetry={() => void refetch()} />}
            {tokens === undefined && error === null && <Waiting />}
            {tokens?.length === 0 && (
              <Empty title="No tokens yet">
                Make one to upload, start runs and download exports from a script; each page that offers a download also
                shows the line for it.
              </Empty>
            )}
            {tokens !== undefined && tokens.length > 0 && <TokenTable tokens={tokens} />}
          </Panel>
        }
        aside={<NewToken />}
      />
    </Page>
  );
}

function TokenTable({ tokens }: { tokens: Schemas['Token'][] }) {
  const revoke = useMutation({
    mutationFn: (id: string) => take(http.DELETE('/api/v1/tokens/{id}/', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: LIST_KEY }),
  });
  return (
    <Stack gap="sm">
      <Fault error={revoke.error} />
      <TableScroll label="Your tokens" minWidth={560}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Begins with</Table.Th>
            <Table.Th>May</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>Expires</Table.Th>
            <Table.Th pos="relative">
              <VisuallyHidden>Acts</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map((token) => (
            <Table.Tr key={token.id}>
              <Table.Td fw={500}>{token.name}</Table.Td>
              <Table.Td ff="monospace">atl_{token.key_id}</Table.Td>
              <Table.Td>
                {['read', ...token.scopes].join(', ')}
                {token.lab_name !== null && `; only in ${token.lab_name}`}
              </Table.Td>
              <Table.Td>{token.last_used_at === null ? 'never' : ago(token.last_used_at)}</Table.Td>
              <Table.Td>{moment(token.expires_at)}</Table.Td>
              <Table.Td ta="right">
                <AskButton
                  verb="Revoke"
                  question={`Revoke “${token.name}”?`}
                  size="compact-sm"
                  onConfirm={() => revoke.mutate(token.id)}
                >
                  Programs that use it are refused from now on.
                </AskButton>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </TableScroll>
    </Stack>
  );
}

const SCOPES: { value: Scope; label: string }[] = [
  { value: 'review', label: 'Give verdicts' },
  { value: 'upload', label: 'Upload and change datasets' },
  { value: 'run', label: 'Start and steer runs' },
  { value: 'export', label: 'Build exports, download them and original images' },
];
const NOTHING_YET = { name: '', days: 90, scopes: SCOPES.map(({ value }) => value), lab: EVERY_LAB };

function NewToken() {
  const { labs } = useLab();
  const form = useForm({ initialValues: NOTHING_YET });
  const create = useMutation({
    mutationFn: (body: Schemas['NewTokenRequest']) => take(http.POST('/api/v1/tokens/', { body })),
    onSuccess: async () => {
      form.reset();
      await queries.invalidateQueries({ queryKey: LIST_KEY });
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  return (
    <Panel title="New token">
      <form
        onSubmit={form.onSubmit((values) =>
          create.mutate({ ...values, lab: values.lab === EVERY_LAB ? null : values.lab }),
        )}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="What uses it."
            required
            maxLength={120}
            {...form.getInputProps('name')}
          />
          <NumberInput label="Days until it expires" min={1} max={366} {...form.getInputProps('days')} />
          <Checkbox.Group label="Besides reading, it may" {...form.getInputProps('scopes')}>
            <Stack gap={6} mt={4}>
              {SCOPES.map((scope) => (
                <Checkbox key={scope.value} {...scope} />
              ))}
            </Stack>
          </Checkbox.Group>
          {labs.length > 1 && (
            <NativeSelect
              label="Good for"
              data={[
                { value: EVERY_LAB, label: 'Every lab of mine' },
                ...labs.map(({ id, name }) => ({ value: id, label: name })),
              ]}
              {...form.getInputProps('lab')}
            />
          )}
          <Fault error={create.error} />
          <Group>
            <Button type="submit" loading={create.isPending}>
              Create the token
            </Button>
          </Group>
        </Stack>
      </form>
      {create.data !== undefined && (
        <Alert role="status" variant="outline" color="green" title="Copy it now" mt="md" p="sm">
          <Text size="sm" mb="xs">
            This is the only time that it is shown.
          </Text>
          <CopyLine text={create.data.secret} label="the token" />
        </Alert>
      )}
    </Panel>
  );
}

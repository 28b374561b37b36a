import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, http, queries, take, type Schemas } from '@/api/client';
import { AskButton } from '@/components/AskButton';
import { Fault } from '@/components/Fault';
import { ago, bytes, moment } from '@/components/format';
import { Panel } from '@/components/Page';
import type { Purpose, Row } from './sendings';
import { sendings } from './useSendings';

type Open = Schemas['OpenUpload'];
type Props = { lab: string; rows: readonly Row[]; purpose: Purpose };

/** Uploads that were begun before this page was loaded, each with what to do to finish it. */
export function Unfinished({ lab, rows, purpose }: Props) {
  const { data } = api.useQuery('get', '/api/v1/uploads/', { params: { query: { lab, limit: 100 } } });
  const { data: own } = useQuery({
    queryKey: ['remembered-uploads', lab],
    queryFn: async () => (await import('./sending')).remembered(lab),
  });
  const here = new Set(rows.map(({ upload }) => upload));
  const open = data?.results.filter(({ id }) => !here.has(id)) ?? [];
  // What this page has begun is told by the service a moment before its id is known here.
  if (open.length === 0 || own === undefined || rows.some(({ state, upload }) => state === 'sending' && upload === ''))
    return null;
  const known = new Map(own.map((one) => [one.id, one.key]));
  return (
    <Panel title="Unfinished uploads">
      <Stack gap="md">
        {open.map((upload) => (
          <OpenRow key={upload.id} upload={upload} memory={known.get(upload.id) ?? null} purpose={purpose} />
        ))}
      </Stack>
    </Panel>
  );
}

/** memory: where this browser keeps what it knows of it; null when another one began it. */
function OpenRow({ upload, memory, purpose }: { upload: Open; memory: string | null; purpose: Purpose }) {
  const { id, lab, file_name: name, state } = upload;
  const drop = useMutation({
    mutationFn: async () => {
      await take(
        http.DELETE('/api/v1/uploads/{id}/', { params: { path: { id }, header: { 'Tus-Resumable': '1.0.0' } } }),
      );
      if (memory !== null) await (await import('./sending')).forget(memory);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['get', '/api/v1/uploads/'] }),
  });
  return (
    <section aria-label={`Unfinished: ${name}`}>
      <Text size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
        {name}
      </Text>
      <Text size="sm" c="dimmed">
        {wayOn(upload, memory !== null)} Begun {ago(upload.created_at)}; kept until {moment(upload.expires_at)}.
      </Text>
      <Fault error={drop.error} />
      <Group gap="xs" mt={4}>
        {state === 'complete' && (
          <Button size="compact-sm" variant="default" onClick={() => sendings.adopt(upload, lab, purpose)}>
            Use it
          </Button>
        )}
        <AskButton
          verb="Forget it"
          question={`Forget ${name}?`}
          size="compact-sm"
          variant="subtle"
          color="gray"
          loading={drop.isPending}
          onConfirm={() => drop.mutate()}
        >
          The {bytes(upload.offset)} that have arrived are removed from the service.
        </AskButton>
      </Group>
    </section>
  );
}

function wayOn({ state, offset, size_bytes: size, file_name: name }: Open, isOwn: boolean): string {
  if (state === 'complete') return `All ${bytes(size)} have arrived.`;
  const amount = `${bytes(offset)} of ${bytes(size)} have arrived.`;
  if (!isOwn) return `${amount} It was begun in another browser: go on there, or forget it.`;
  const what = name.endsWith('.tar') ? 'file or folder' : 'file';
  return `${amount} Choose the same ${what} again to go on; another one of that name is told apart.`;
}

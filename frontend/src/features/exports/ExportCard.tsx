import { Anchor, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { http, take, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { AskButton } from '@/components/AskButton';
import { CopyLine } from '@/components/CopyLine';
import { Fault } from '@/components/Fault';
import { bytes, count, moment, words } from '@/components/format';
import { Panel, Stats } from '@/components/Page';
import { StateLabel, type Tone } from '@/components/StateLabel';
import { ENDED, useLiveExport } from './live';

type Export = Schemas['Export'];

const WORDS: Record<Export['state'], { label: string; tone: Tone }> = {
  queued: { label: 'Queued', tone: 'waiting' },
  building: { label: 'Being built', tone: 'active' },
  interrupted: { label: 'Interrupted', tone: 'warn' },
  ready: { label: 'Ready', tone: 'good' },
  failed: { label: 'Failed', tone: 'bad' },
  expired: { label: 'Expired', tone: 'waiting' },
};

/** One export: what it holds, how far it is, and how to take it away. */
export function ExportCard({ start }: { start: Export }) {
  const one = useLiveExport(start);
  const { label, tone } = WORDS[one.state];
  return (
    <Panel
      title={one.name === '' ? one.file_name : one.name}
      actions={
        <Group gap="xs">
          <StateLabel tone={tone}>{label}</StateLabel>
          <DeleteExport one={one} />
        </Group>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {words(one.format)}, {CONTENT[one.content]}
          {one.accepted_only ? ', accepted only' : ''}
          {one.max_ratio === null ? '' : `, at most ${one.max_ratio} synthetic per real`}; asked for{' '}
          {moment(one.created_at)}
          {one.created_by === null ? '' : ` by ${one.created_by}`}
        </Text>
        {one.state === 'failed' && <Fault error={new Error(one.error?.message ?? 'The reason is not known.')} />}
        {one.state === 'interrupted' && one.error !== null && (
          <Fault error={new Error(one.error.message)} title="It waits, and goes on by itself" />
        )}
        {one.state === 'ready' && <Ready one={one} />}
        {one.state === 'expired' && (
          <Text size="sm">Its time is over and the file was removed; the same export can be built again.</Text>
        )}
        {!ENDED.has(one.state) && <Building one={one} />}
      </Stack>
    </Panel>
  );
}

function DeleteExport({ one }: { one: Export }) {
  const { may } = useLab();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => take(http.DELETE('/api/v1/exports/{id}/', { params: { path: { id: one.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/api/v1/exports/'] }),
    onError: (error) => notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) }),
  });
  if (!may('researcher')) return null;
  return (
    <AskButton
      verb="Delete"
      question="Delete this export?"
      size="compact-xs"
      loading={remove.isPending}
      onConfirm={() => remove.mutate()}
    >
      {one.state === 'ready'
        ? 'Its file is removed, and a link to it stops working. The samples and verdicts stay: the same export can be built again.'
        : 'It is not built any further. The samples and verdicts stay: the same export can be asked for again.'}
    </AskButton>
  );
}

const CONTENT: Record<Export['content'], string> = {
  both: 'real and synthetic images',
  real: 'real images',
  synthetic: 'synthetic images',
};

function Building({ one }: { one: Export }) {
  const { current, max } = one.progress;
  return (
    <div>
      <Progress value={max > 0 ? (100 * current) / max : 0} aria-label="Images written" />
      <Text size="xs" c="dimmed" ta="right" className="numbers">
        {max > 0 ? `${count(current)} of ${count(max)} images` : 'waits for a free worker'}
      </Text>
    </div>
  );
}

function Ready({ one }: { one: Export }) {
  const url = one.download_url ?? '';
  return (
    <>
      <Group justify="space-between">
        <Stats
          stats={[
            { label: 'Real', value: count(one.num_real) },
            { label: 'Synthetic', value: count(one.num_synthetic) },
            { label: 'Size', value: bytes(one.size_bytes) },
          ]}
        />
        <Button component="a" href={url} download={one.file_name} leftSection={<IconDownload size={16} />}>
          Download
        </Button>
      </Group>
      {one.expires_at !== null && (
        <Text size="xs" c="dimmed">
          The file stays until {moment(one.expires_at)}.
        </Text>
      )}
      <div>
        <Text size="xs" c="dimmed" mb={4}>
          sha256
        </Text>
        <CopyLine text={one.sha256} label="the sha256" />
      </div>
      <div>
        <Text size="xs" c="dimmed" mb={4}>
          From a terminal, with a token from{' '}
          <Anchor component={Link} to="/tokens" inherit underline="always">
            your tokens
          </Anchor>
          ; run again, it continues where it broke off:
        </Text>
        <CopyLine text={curlLine(one.file_name, new URL(url, window.location.origin).href)} label="the command" />
      </div>
    </>
  );
}

/** The same download by the API. */
export function curlLine(fileName: string, url: string): string {
  return `curl --fail --location --continue-at - --header "Authorization: Token $ATELIER_TOKEN" --output ${fileName} ${url}`;
}

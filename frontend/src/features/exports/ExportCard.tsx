import { Anchor, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { CopyLine } from '@/components/CopyLine';
import { Fault } from '@/components/Fault';
import { bytes, count, moment, words } from '@/components/format';
import { LifeMenu } from '@/components/life/LifeMenu';
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
      title={titleOf(one)}
      actions={
        <Group gap="xs">
          <StateLabel tone={tone}>{label}</StateLabel>
          <LifeMenu
            thing={{ noun: 'export', id: one.id, name: titleOf(one), archived_at: one.archived_at }}
            onDeleted={() => undefined}
          />
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
        {one.memorised_reason !== '' && (
          <Text size="sm">
            <b>Why near-copies may go out:</b> {one.memorised_reason}
          </Text>
        )}
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

function titleOf(one: Export): string {
  return one.name === '' ? one.file_name : one.name;
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

import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { http, queries, take } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { Fault } from '@/components/Fault';
import type { Base, Row } from './sendings';

const KINDS = [
  { value: 'labelled_images', label: 'Labelled images' },
  { value: 'images', label: 'Images without labels' },
] as const;

type Props = { row: Row; onMade: (name: string, address: string) => void };

/** What an upload becomes: a dataset, named while it is on its way, or the next version of one. */
export function MakeForm({ row, onMade }: Props) {
  return row.purpose.makes === 'version' ? (
    <VersionForm row={row} base={row.purpose.base} onMade={onMade} />
  ) : (
    <DatasetForm row={row} onMade={onMade} />
  );
}

function VersionForm({ row: { upload, state }, base, onMade }: Props & { base: Base }) {
  const make = useMutation({
    mutationFn: () => {
      const params = { path: { id: base.dataset } };
      return take(http.POST('/api/v1/datasets/{id}/versions/', { params, body: { base: base.id, upload } }));
    },
    onSuccess: async ({ number }) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/'] });
      onMade(`Version ${number} of ${base.name}`, `/datasets/${base.dataset}/${number}`);
    },
  });
  return (
    <>
      <Fault error={make.error} />
      <MakeButton
        label="Make the next version"
        isReady={state === 'done'}
        isPending={make.isPending}
        onMake={make.mutate}
      />
    </>
  );
}

function DatasetForm({ row, onMade }: Props) {
  const [name, setName] = useState(nameFrom(row.name));
  const [kind, setKind] = useState<string>(KINDS[0].value);
  const create = useMutation({
    mutationFn: () =>
      take(http.POST('/api/v1/datasets/', { body: { lab: row.lab, name: name.trim(), kind, upload: row.upload } })),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/'] });
      onMade(name.trim(), `/datasets/${id}`);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (row.state === 'done') create.mutate();
      }}
    >
      <Stack gap="xs">
        <Group gap="sm" align="flex-start">
          <TextInput
            label="Name of the dataset"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={faultsOf(create.error).name}
            maxLength={120}
            required
            flex="1 1 220px"
          />
          <Select
            label="Kind"
            allowDeselect={false}
            data={KINDS}
            value={kind}
            onChange={(value) => setKind(value ?? kind)}
            flex="1 1 180px"
          />
        </Group>
        <Fault error={create.error} />
        <MakeButton
          label="Create the dataset"
          isReady={row.state === 'done' && name.trim() !== ''}
          isPending={create.isPending}
        />
      </Stack>
    </form>
  );
}

type MakeProps = { label: string; isReady: boolean; isPending: boolean; onMake?: () => void };

function MakeButton({ label, isReady, isPending, onMake }: MakeProps) {
  return (
    <Group gap="sm">
      <Button
        type={onMake === undefined ? 'submit' : 'button'}
        disabled={!isReady}
        loading={isPending}
        onClick={onMake}
      >
        {label}
      </Button>
      {!isReady && (
        <Text size="sm" c="dimmed">
          as soon as everything has arrived
        </Text>
      )}
    </Group>
  );
}

/** "my_flowers-v2.zip" -> "my flowers-v2" */
function nameFrom(fileName: string): string {
  return fileName
    .replace(/\.(zip|tar|tgz|tar\.gz)$/i, '')
    .replaceAll('_', ' ')
    .trim()
    .slice(0, 120);
}

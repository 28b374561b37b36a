import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { http, queries, take } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { Fault } from '@/components/Fault';
import { useKinds } from './kinds';
import type { Made } from './MadeLine';
import type { Base, Row } from './sendings';

const RECOGNISE = { value: 'recognise', label: 'Recognise it' };

type Props = { row: Row; onMade: (made: Made) => void };

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
    onSuccess: async ({ id, number }) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/'] });
      const address = `/datasets/${base.dataset}/${number}`;
      onMade({ name: `Version ${number} of ${base.name}`, address, version: id });
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
  const kinds = useKinds();
  const [chosen, setChosen] = useState(RECOGNISE.value);
  const kind = chosen === RECOGNISE.value ? '' : chosen;
  const create = useMutation({
    mutationFn: () =>
      take(http.POST('/api/v1/datasets/', { body: { lab: row.lab, name: name.trim(), kind, upload: row.upload } })),
    onSuccess: async ({ id, versions }) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/'] });
      onMade({ name: name.trim(), address: `/datasets/${id}`, version: versions[0]?.id ?? '' });
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
            data={[RECOGNISE, ...kinds.map(({ name: value, card }) => ({ value, label: card.title }))]}
            value={chosen}
            onChange={(value) => setChosen(value ?? chosen)}
            flex="1 1 180px"
          />
        </Group>
        <Text size="sm" c="dimmed">
          {kinds.find((one) => one.name === kind)?.card.summary ??
            'What kind of dataset it is will be told by its folders and files; the dataset says why.'}
        </Text>
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

import { Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { bytes, count } from '@/components/format';
import { askAnew, remove, whatGoes, type Thing } from './life';

type Props = { thing: Thing; onClose: () => void; onDeleted: () => void };

/** Says what goes with a thing, and deletes it when its name is typed. */
export function DeleteDialog({ thing, onClose, onDeleted }: Props) {
  const [typed, setTyped] = useState('');
  const told = useQuery({ queryKey: ['deletion', thing.noun, thing.id], queryFn: () => whatGoes(thing), gcTime: 0 });
  const act = useMutation({
    mutationFn: () => remove(thing),
    onSuccess: async () => {
      onClose();
      onDeleted();
      await askAnew();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Delete ${thing.noun} “${thing.name}”?`}>
      <Stack gap="md">
        {told.data === undefined ? told.error === null && <Waiting /> : <WhatGoes deletion={told.data} />}
        <Fault error={told.error ?? act.error} />
        <TextInput
          label={`Type its name to confirm: ${thing.name}`}
          autoComplete="off"
          data-autofocus
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button
            color="red.8"
            disabled={typed.trim() !== thing.name.trim() || told.data === undefined}
            loading={act.isPending}
            onClick={() => act.mutate()}
          >
            Delete for good
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function WhatGoes({ deletion: { parts, size_bytes, made_by_others } }: { deletion: Schemas['Deletion'] }) {
  return (
    <>
      <div>
        <Text size="sm">
          {parts.length > 0 ? 'It goes for everybody at once, and with it:' : 'It goes for everybody at once.'}
        </Text>
        {parts.length > 0 && (
          <List size="sm" mt={4} className="numbers">
            {parts.map((part) => (
              <List.Item key={part.noun}>
                {count(part.count)} {part.noun}
              </List.Item>
            ))}
          </List>
        )}
      </div>
      <Text size="sm">
        Up to {bytes(size_bytes)} become free; work on any of it is ended. This cannot be undone.
        {made_by_others && ' Other people made part of it, so it needs the role admin.'}
      </Text>
    </>
  );
}

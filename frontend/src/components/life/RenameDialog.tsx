import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Fault } from '@/components/Fault';
import { askAnew, change, type Thing } from './life';

/** Another name for a thing. */
export function RenameDialog({ thing, onClose }: { thing: Thing; onClose: () => void }) {
  const [name, setName] = useState(thing.name);
  const save = useMutation({
    mutationFn: () => change(thing, { name }),
    onSuccess: async () => {
      onClose();
      await askAnew();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={`Rename this ${thing.noun}`}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label="Name"
            maxLength={120}
            value={name}
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Fault error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button type="submit" loading={save.isPending}>
              Rename
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

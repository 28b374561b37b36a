import { Autocomplete, Button, Group, List, Modal, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { count } from '@/components/format';
import { changingClass, classInWords, type Edits } from './edits';

type Props = {
  version: Schemas['DatasetVersion'];
  edits: Edits;
  onEdits: (edits: Edits) => void;
  opened: boolean;
  onClose: () => void;
};

/** Whole classes renamed, merged into others or excluded in the next version. */
export function ClassEdits({ version, edits, onEdits, opened, onClose }: Props) {
  const [name, setName] = useState<string | null>(null);
  const [fate, setFate] = useState('');
  const wanted = fate.trim();
  const change = (of: string, to: string | null) => {
    onEdits(changingClass(edits, of, to));
    setName(null);
    setFate('');
  };
  return (
    <Modal opened={opened} onClose={onClose} title="Classes of the next version">
      <Stack gap="sm">
        <Text size="sm">
          Another name renames a class; the name of another class merges it into that one. Images stay in their splits.
        </Text>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name !== null && wanted !== '') change(name, wanted);
          }}
        >
          <Stack gap="sm">
            <Select
              label="Class"
              searchable
              data={version.classes.map((one) => ({ value: one, label: `${one} (${count(sizeOf(version, one))})` }))}
              value={name}
              onChange={setName}
            />
            <Autocomplete
              label="New name, or the class to merge it into"
              maxLength={255}
              data={version.classes.filter((one) => one !== name)}
              value={fate}
              onChange={setFate}
            />
            <Group gap="xs">
              <Button type="submit" disabled={name === null || wanted === '' || wanted === name}>
                {version.classes.includes(wanted) && wanted !== name ? 'Merge' : 'Rename'}
              </Button>
              <Button variant="default" disabled={name === null} onClick={() => name !== null && change(name, null)}>
                Exclude the class
              </Button>
            </Group>
          </Stack>
        </form>
        {edits.classes.size > 0 && (
          <List size="sm" spacing={6} listStyleType="none" aria-label="Changed classes">
            {[...edits.classes].map(([changed, to]) => (
              <List.Item key={changed}>
                <Group gap="xs" justify="space-between">
                  <span>{classInWords(changed, to, version.classes)}</span>
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={`Leave ${changed} as it is`}
                    onClick={() => change(changed, changed)}
                  >
                    Leave as it is
                  </Button>
                </Group>
              </List.Item>
            ))}
          </List>
        )}
      </Stack>
    </Modal>
  );
}

function sizeOf({ counts }: Schemas['DatasetVersion'], name: string): number {
  return Object.values(counts).reduce((sum, split) => sum + (split[name] ?? 0), 0);
}

import { Autocomplete, Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { count, plural } from '@/components/format';

type Props = {
  marked: number;
  /** How many images match the filters; undefined while that is counted. */
  matching: number | undefined;
  classNames: string[];
  onExclude: () => void;
  onRelabel: (label: string) => void;
  onRestore: () => void;
  onAll: () => void;
  onNone: () => void;
};

/** What can be done with the marked images in the next version. */
export function MarkBar({ marked, matching, classNames, onExclude, onRelabel, onRestore, onAll, onNone }: Props) {
  const [label, setLabel] = useState('');
  const none = marked === 0;
  return (
    <Group gap="xs" mb="sm" role="group" aria-label="Marked images">
      <Text size="sm" className="numbers" miw={110}>
        {plural(marked, 'image')} marked
      </Text>
      <Button size="compact-sm" variant="default" onClick={onAll}>
        {matching === undefined ? 'Mark all' : `Mark all ${count(matching)}`}
      </Button>
      <Button size="compact-sm" variant="default" disabled={none} onClick={onNone}>
        Unmark
      </Button>
      <Button size="compact-sm" variant="default" disabled={none} onClick={onExclude}>
        Exclude
      </Button>
      <Button size="compact-sm" variant="default" disabled={none} onClick={onRestore}>
        Leave as they are
      </Button>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (label.trim() !== '' && !none) onRelabel(label.trim());
        }}
      >
        <Group gap={4} wrap="nowrap">
          <Autocomplete
            aria-label="New label"
            placeholder="New label"
            size="xs"
            w={150}
            maxLength={255}
            data={classNames}
            value={label}
            onChange={setLabel}
          />
          <Button type="submit" size="compact-sm" variant="default" disabled={none || label.trim() === ''}>
            Relabel
          </Button>
        </Group>
      </form>
    </Group>
  );
}

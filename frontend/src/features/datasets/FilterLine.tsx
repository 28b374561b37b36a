import { Button, Group, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { plural } from '@/components/format';
import { inWords, isFiltered, NO_FILTERS, type Filters } from './filters';

type Props = {
  filters: Filters;
  matching: number | undefined;
  onFilter: (part: Partial<Filters>) => void;
};

/** What the images are filtered by beside class and split, how many match, and how to see all again. */
export function FilterLine({ filters, matching, onFilter }: Props) {
  if (!isFiltered(filters)) return null;
  return (
    <Group gap="xs" mb="sm">
      {matching !== undefined && (
        <Text size="sm" className="numbers" aria-live="polite">
          {plural(matching, 'image matches', 'images match')}
        </Text>
      )}
      {inWords(filters).map(({ name, text }) => (
        <Button
          key={name}
          size="compact-xs"
          variant="light"
          rightSection={<IconX size={12} aria-hidden />}
          aria-label={`Remove the filter ${text}`}
          onClick={() => onFilter({ [name]: null })}
        >
          {text}
        </Button>
      ))}
      <Button size="compact-xs" variant="default" onClick={() => onFilter(NO_FILTERS)}>
        Clear the filters
      </Button>
    </Group>
  );
}

import { Button, Checkbox, Code, Group, Stack, TagsInput, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { Panel } from '@/components/Page';

type Props = {
  published: Schemas['PublishedArt'][];
  arts: string[];
  onChange: (arts: string[]) => void;
  /** All that is wrong with them. */
  faults: string[];
};

/** Which ways to edit attributes are compared: published ones, and any model with settings of one's own. */
export function ArtsPanel({ published, arts, onChange, faults }: Props) {
  const lines = published.map(({ line }) => line);
  const own = arts.filter((art) => !lines.includes(art));
  const chosen = (next: string[]) => onChange([...lines.filter((line) => next.includes(line)), ...own]);
  return (
    <Panel
      title="Ways to edit"
      actions={
        <Group gap="xs">
          <Button size="compact-xs" variant="default" onClick={() => chosen(lines)}>
            All
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => chosen([])}>
            None
          </Button>
        </Group>
      }
    >
      <Stack gap="lg">
        <Checkbox.Group aria-label="Published ways" value={arts} onChange={chosen}>
          <Stack gap="sm">
            {published.map(({ line, title, summary }) => (
              <Checkbox
                key={line}
                value={line}
                label={title}
                description={
                  <>
                    {summary} <Code style={{ overflowWrap: 'anywhere' }}>{line}</Code>
                  </>
                }
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <TagsInput
          label="Others"
          description="A model with settings of its own in one line, such as stargan:condition_mode=diff,num_blocks=6; Enter adds it."
          value={own}
          onChange={(next) => onChange([...new Set([...arts.filter((art) => lines.includes(art)), ...next])])}
          splitChars={[]}
          acceptValueOnBlur
          clearable
        />
        {faults.map((fault) => (
          <Text key={fault} size="sm" c="var(--mantine-color-error)" role="status" style={{ overflowWrap: 'anywhere' }}>
            {fault}
          </Text>
        ))}
      </Stack>
    </Panel>
  );
}

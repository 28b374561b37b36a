import { Text } from '@mantine/core';
import { Panel } from '@/components/Page';
import { StateLabel } from '@/components/StateLabel';
import type { AttributeResult } from './attributes';

/** Which way works best, where that can be said, and by which rule it is said. */
export function AttributeAnswer({ result: { best, sentence } }: { result: AttributeResult }) {
  return (
    <Panel
      title="Which way works best?"
      actions={
        <StateLabel tone={best === null ? 'waiting' : 'good'}>
          {best === null ? 'Not told apart' : 'Told apart'}
        </StateLabel>
      }
    >
      <Text size="md" style={{ overflowWrap: 'anywhere' }}>
        {sentence}
      </Text>
      <Text size="xs" c="dimmed" mt="xs" maw={860}>
        A way is called the best only where its whole 95 % interval over seeds lies above the intervals of all others;
        all have learnt from the same images, by the same seeds, in as many steps.
      </Text>
    </Panel>
  );
}

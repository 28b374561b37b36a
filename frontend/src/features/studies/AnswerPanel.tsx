import { Stack, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { plural } from '@/components/format';
import { Panel } from '@/components/Page';
import { StateLabel } from '@/components/StateLabel';
import { armInWords } from './arms';
import { ANSWERS } from './words';

/** Does it help? The answer, and by which rule it is given. */
export function AnswerPanel({ result }: { result: Schemas['StudyResult'] }) {
  const { answer, sentence, scope, baseline, best, num_test, num_val } = result;
  return (
    <Panel
      title="Does it help?"
      actions={answer !== null && <StateLabel tone={ANSWERS[answer].tone}>{ANSWERS[answer].label}</StateLabel>}
    >
      <Stack gap="xs">
        <Text size="md">{sentence}</Text>
        <Text size="xs" c="dimmed" maw={860}>
          {plural(num_val, 'validation image')} chose “{armInWords(baseline)}” as the best arm without synthetic images
          {best !== null && <> and “{armInWords(best)}” as the best one with them</>}; {plural(num_test, 'test image')}{' '}
          that nothing else saw compare the two. <b>Helped</b> and <b>hurt</b> are said only where the whole 95 %
          interval, over the seeds of generators and children and over the test images, lies on one side of zero.
          {scope === 'pools' && ' The answer is about these pools alone: other trainings of the generator may differ.'}
        </Text>
      </Stack>
    </Panel>
  );
}

import { Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { http, queries, take } from '@/api/client';
import { Fault } from '@/components/Fault';
import { plural } from '@/components/format';
import { Panel } from '@/components/Page';
import type { Draft } from './draft';
import { bodyOf, type useCheck } from './useCheck';

const PLACED = ['model', 'model_settings', 'pools', 'arms', 'settings', 'name'];

type Props = {
  version: string;
  draft: Draft;
  run: string | null;
  check: ReturnType<typeof useCheck>;
  /** Of each training of an attribute study. */
  numSteps?: number;
  onName: (name: string) => void;
};

/** How much will be trained, and the button that starts it. */
export function StartStudy({ version, draft, run, check, numSteps, onName }: Props) {
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: () =>
      take(http.POST('/api/v1/studies/', { body: { ...bodyOf(version, draft), name: draft.name, run } })),
    onSuccess: async (study) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/studies/'] });
      await navigate(`/studies/${study.id}`);
    },
  });
  const { problems, trainings } = check;
  const lacksPools = draft.pools?.length === 0;
  const isFaulty = problems.length > 0 || lacksPools;
  const children = (number: number) => `${plural(number, 'child network')}, with those of the learning curve. `;
  const unplaced = problems.filter(({ field }) => !PLACED.includes(field.split('.')[0] ?? ''));
  return (
    <Panel title="What is trained">
      <Stack gap="md">
        {trainings !== null && trainings.num_children !== null && trainings.num_generators !== null && (
          <Text size="sm">
            {numSteps !== undefined
              ? `${plural(trainings.num_generators, 'training')} of ${plural(numSteps, 'step')}, one after the other: ${plural(trainings.num_generators * numSteps, 'step')} in all, and before them a classifier that judges. `
              : draft.pools !== null
                ? `No generator; ${children(trainings.num_children)}`
                : `${plural(trainings.num_generators, 'generator')}, one after the other, then ${children(trainings.num_children)}`}
            The study can be stopped at any time and goes on later with what is missing.
          </Text>
        )}
        <TextInput
          label="Name of the study"
          placeholder="given by itself when empty"
          value={draft.name}
          maxLength={120}
          onChange={(event) => onName(event.currentTarget.value)}
        />
        {unplaced.map(({ message }) => (
          <Fault key={message} error={new Error(message)} />
        ))}
        <Fault error={start.error ?? check.error} />
        <Button loading={start.isPending} disabled={isFaulty} onClick={() => start.mutate()}>
          Start the study
        </Button>
        {isFaulty && (
          <Text size="sm" c="var(--mantine-color-error)" role="status">
            {plural(problems.length + (lacksPools ? 1 : 0), 'thing')} to put right first; each stands at its place.
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

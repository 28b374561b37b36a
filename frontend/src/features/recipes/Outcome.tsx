import { Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { http, queries, take, type Schemas } from '@/api/client';
import { Fault } from '@/components/Fault';
import { plural } from '@/components/format';
import { Panel } from '@/components/Page';
import type { Values } from '@/components/SettingsForm/fields';
import { randomUuid } from '@/components/randomUuid';
import { unplaced, type Draft } from './draft';
import { timeSentence } from './outlookWords';
import { recipeTitle } from './recipeTitle';
import { SaveRecipe } from './SaveRecipe';
import { asked, type Start } from './start';
import type { useCheck, useMemory } from './useOutlook';

type OutcomeProps = {
  version: Schemas['DatasetVersion'];
  lab: string;
  draft: Draft;
  /** The saved recipe, while the draft says the same. */
  saved: Schemas['Recipe'] | null;
  start: Start | null;
  compute: Values;
  check: ReturnType<typeof useCheck>;
  memory: ReturnType<typeof useMemory>;
  /** Whether the JSON that is being written is no recipe yet. */
  isUnreadable: boolean;
  onName: (name: string) => void;
};

/** What the recipe will bring, and the button that starts it. */
export function Outcome({
  version,
  lab,
  draft,
  saved,
  start: from,
  compute,
  check,
  memory,
  isUnreadable,
  onName,
}: OutcomeProps) {
  const navigate = useNavigate();
  const recipe = saved === null ? { recipe: draft } : { recipe_id: saved.id };
  const body = { version: version.id, ...recipe, name: draft.name, compute, ...asked(from) };
  const key = useIdempotencyKey(body);
  const start = useMutation({
    mutationFn: () => {
      const headers = { 'Idempotency-Key': key };
      return take(
        http.POST('/api/v1/runs/', {
          body,
          params: { header: headers },
        }),
      );
    },
    onSuccess: async (run) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/runs/'] });
      await navigate(`/runs/${run.id}`);
    },
  });
  const { estimate, problems } = check;
  const isFaulty = isUnreadable || problems.length > 0;
  const total = Object.values(estimate?.budget ?? {}).reduce((sum, n) => sum + n, 0);
  return (
    <Panel title="What comes out">
      <Stack gap="md">
        {estimate && total > 0 && (
          <Text size="sm">
            {plural(total, 'synthetic image')}, chosen from {plural(estimate.num_candidates, 'candidate')}.
          </Text>
        )}
        {estimate && (
          <Text size="sm" c={estimate.duration_s === null ? 'dimmed' : undefined}>
            {timeSentence(estimate)}
          </Text>
        )}
        <Memory memory={memory} />
        <TextInput
          label="Name of the run"
          placeholder="given by itself when empty"
          value={draft.name}
          maxLength={120}
          onChange={(event) => onName(event.currentTarget.value)}
        />
        {unplaced(problems).map((problem) => (
          <Fault key={problem.message} error={new Error(problem.message)} />
        ))}
        <Fault error={start.error ?? check.error} />
        {saved !== null && (
          <Text size="sm" c="dimmed">
            The run is made from {recipeTitle(saved)}; once something is changed, it saves a recipe of its own.
          </Text>
        )}
        <Button loading={start.isPending} disabled={isFaulty} onClick={() => start.mutate()}>
          Start the run
        </Button>
        {from === null && saved === null && <SaveRecipe lab={lab} draft={draft} disabled={isFaulty} />}
        {isFaulty && (
          <Text size="sm" c="var(--mantine-color-error)" role="status">
            {isUnreadable
              ? 'The JSON has to be a recipe first; what is wrong stands below it.'
              : `${plural(problems.length, 'thing')} to put right first; each stands at its place.`}
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

/** The estimate of the memory: being made, made, or why there is none. It never keeps a run from being started. */
function Memory({ memory }: { memory: OutcomeProps['memory'] }) {
  const told = memory.data;
  if (told === undefined) {
    const words = memory.isError ? memory.error.message : memory.isFetching ? 'Estimating the memory …' : null;
    return (
      words && (
        <Text size="sm" c="dimmed">
          {words}
        </Text>
      )
    );
  }
  return (
    <Text size="sm" c={told.fits ? undefined : 'var(--mantine-color-error)'} role="status">
      {told.sentence}
    </Text>
  );
}

/** Pressing twice starts once; a changed request is another run, and so is the same one from a new page. */
function useIdempotencyKey(body: unknown): string {
  const [page] = useState(randomUuid);
  return `${page}-${hashOf(JSON.stringify(body))}`;
}

function hashOf(text: string): string {
  let hash = 5381;
  for (const sign of text) hash = (hash * 33 + (sign.codePointAt(0) ?? 0)) >>> 0;
  return hash.toString(36);
}

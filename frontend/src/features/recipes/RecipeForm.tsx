import { Accordion, Button, Group, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { http, queries, take, type Schemas } from '@/api/client';
import { ClassBars } from '@/components/ClassBars';
import { Fault } from '@/components/Fault';
import { coarse, duration, plural } from '@/components/format';
import { Columns, Panel } from '@/components/Page';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import type { Values } from '@/components/SettingsForm/fields';
import { BudgetEditor } from '@/components/recipe/BudgetEditor';
import { Choices } from '@/components/recipe/Choices';
import { faultsUnder, saysTheSame, unplaced, type Draft } from './draft';
import { recipeTitle } from './recipeTitle';
import { SaveRecipe } from './SaveRecipe';
import { asked, fixedSettings, settingsSentence, type Start } from './start';
import { StartPanel } from './StartPanel';
import { modelObstacle, samplerObstacle } from '@/components/recipe/suitability';

const TYPING_PAUSE_MS = 400;
/** Longer: the server computes for some seconds before it can say how much memory a recipe takes. */
const ESTIMATE_PAUSE_MS = 1200;

type Props = {
  catalogue: Schemas['Catalogue'];
  version: Schemas['DatasetVersion'];
  /** The dataset's lab. */
  lab: string;
  kind: string;
  /** The checkpoint that the run starts from, or null. */
  start: Start | null;
  /** What the form shows at first. */
  first: Draft;
  /** The saved recipe that it begins with, or null. */
  saved: Schemas['Recipe'] | null;
  /** How the run is computed at first, as far as not by default. */
  firstCompute: Values;
};

/** The form of a recipe: the server says, as one types, what does not fit and how much will be drawn. */
export function RecipeForm({ catalogue, version, lab, kind, start, first, saved, firstCompute }: Props) {
  const [draft, setDraft] = useState(first);
  const [compute, setCompute] = useState<Values>(firstCompute);
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const model = catalogue.models.find((one) => one.name === draft.model) ?? catalogue.models[0];
  const sampler = catalogue.samplers.find((one) => one.name === draft.sampler) ?? catalogue.samplers[0];
  const yields = catalogue.dataset_kinds.find((one) => one.name === kind)?.yields ?? [];
  const check = useCheck(version.id, draft, start, compute);
  const problems = check.data?.problems ?? [];
  const memory = useMemory(version.id, draft, check.data !== undefined && problems.length === 0);
  const faults = faultsUnder(problems, 'model_settings');
  const real = version.counts.train ?? {};
  if (model === undefined || sampler === undefined)
    return <Text>The catalogue is empty; look into the log of the service.</Text>;
  return (
    <Columns
      main={
        <>
          {start !== null && <StartPanel start={start} version={version.id} />}
          <Panel title="Model">
            <Stack gap="lg">
              {start === null ? (
                <Choices
                  label="Model"
                  value={draft.model}
                  onChange={(name) => set({ model: name, model_settings: {} })}
                  options={catalogue.models.map((one) => ({ ...one, obstacle: modelObstacle(one, yields) }))}
                  fault={faultsUnder(problems, 'model')['']}
                  helpOf={(name) => `/models/${name}`}
                />
              ) : (
                <FixedModel title={model.card.title} shaping={model.shaping} start={start} />
              )}
              {start?.way !== 'generate' && (
                <SettingsForm
                  key={model.name}
                  schema={model.schema}
                  values={draft.model_settings}
                  onChange={(model_settings) => set({ model_settings })}
                  faults={memory.data?.fits === false ? { batch_size: memory.data.sentence, ...faults } : faults}
                  fixed={start === null ? [] : fixedSettings(start.way, model.shaping)}
                />
              )}
            </Stack>
          </Panel>
          <Panel title="Sampler">
            <Stack gap="lg">
              <Choices
                label="Sampler"
                value={draft.sampler}
                onChange={(name) => set({ sampler: name, sampler_settings: {} })}
                options={catalogue.samplers.map((one) => ({
                  ...one,
                  obstacle: samplerObstacle(one, model, draft.model_settings),
                }))}
                fault={faultsUnder(problems, 'sampler')['']}
              />
              <SettingsForm
                key={sampler.name}
                schema={sampler.schema}
                values={draft.sampler_settings}
                onChange={(sampler_settings) => set({ sampler_settings })}
                faults={faultsUnder(problems, 'sampler_settings')}
                none="This sampler has nothing to set."
              />
            </Stack>
          </Panel>
          <Panel title="Budget">
            <Stack gap="lg">
              <BudgetEditor
                budget={draft.budget}
                classNames={version.classes}
                real={real}
                onChange={(budget) => set({ budget })}
                fault={Object.values(faultsUnder(problems, 'budget'))[0]}
              />
              <Group align="flex-start">
                <NumberInput
                  label="Pool factor"
                  description="Candidates drawn per image asked for; the sampler keeps the best of them."
                  min={1}
                  max={1000}
                  step={1}
                  value={draft.pool_factor}
                  onChange={(value) => set({ pool_factor: Number(value) })}
                  error={faultsUnder(problems, 'pool_factor')['']}
                  maw={300}
                />
                <NumberInput
                  label="Seed"
                  description="The same recipe, data and seed give the same result."
                  min={0}
                  allowDecimal={false}
                  value={draft.seed}
                  onChange={(value) => set({ seed: Number(value) })}
                  error={faultsUnder(problems, 'seed')['']}
                  maw={300}
                />
              </Group>
            </Stack>
          </Panel>
          <Computing
            schema={catalogue.compute}
            values={compute}
            onChange={setCompute}
            faults={faultsUnder(problems, 'compute')}
          />
        </>
      }
      aside={
        <Outcome
          version={version}
          lab={lab}
          draft={draft}
          saved={saved !== null && saysTheSame(draft, saved) ? saved : null}
          start={start}
          compute={compute}
          check={check}
          memory={memory}
          onName={(name) => set({ name })}
        />
      }
    />
  );
}

/** What stays as the checkpoint has it. */
function FixedModel({ title, shaping, start }: { title: string; shaping: Record<string, string>; start: Start }) {
  const { model_settings, seed } = start.run.recipe;
  const settings = settingsSentence(fixedSettings(start.way, shaping), model_settings);
  return (
    <Text size="sm">
      <b>{title}</b>, as the checkpoint has it: {settings}.{' '}
      {start.way === 'generate'
        ? `All other settings stay too; it was trained with the seed ${seed}.`
        : 'The rest may change:'}
    </Text>
  );
}

type ComputingProps = {
  schema: unknown;
  values: Values;
  onChange: (values: Values) => void;
  faults: Record<string, string>;
};

/** How the run is computed, folded away: it says nothing of what is learnt. */
function Computing({ schema, values, onChange, faults }: ComputingProps) {
  const changed = Object.keys(values).length;
  const faulty = Object.keys(faults).length > 0;
  return (
    <Accordion variant="contained" chevronPosition="left" {...(faulty ? { defaultValue: 'computing' } : {})}>
      <Accordion.Item value="computing">
        <Accordion.Control>
          <Group justify="space-between" pr="sm">
            <Text fw={600}>Computing</Text>
            <Text size="xs" c={faulty ? 'var(--mantine-color-error)' : 'dimmed'}>
              {changed === 0 ? 'memory and devices' : `${changed} changed`}
            </Text>
          </Group>
        </Accordion.Control>
        <Accordion.Panel>
          <SettingsForm schema={schema} values={values} onChange={onChange} faults={faults} />
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

/** The server's opinion of the draft, a moment after the last change. */
function useCheck(version: string, draft: Draft, start: Start | null, compute: Values) {
  const [settled] = useDebouncedValue(draft, TYPING_PAUSE_MS);
  const [settledCompute] = useDebouncedValue(compute, TYPING_PAUSE_MS);
  // The name changes nothing of what the recipe does.
  const recipe = { ...settled, name: '' };
  const body = { version, recipe, compute: settledCompute, ...asked(start) };
  return useQuery({
    queryKey: ['validate', body],
    queryFn: ({ signal }) => take(http.POST('/api/v1/runs/validate/', { body, signal })),
    placeholderData: keepPreviousData,
  });
}

/** What the run would take of the machine's memory; asked only for a recipe that could start. */
function useMemory(version: string, draft: Draft, enabled: boolean) {
  const [settled] = useDebouncedValue(draft, ESTIMATE_PAUSE_MS);
  return useQuery({
    queryKey: ['memory', version, settled.model, settled.model_settings],
    queryFn: ({ signal }) =>
      take(http.POST('/api/v1/runs/memory/', { body: { version, recipe: { ...settled, name: '' } }, signal })),
    // A recipe that is being typed may be refused; the form says so at its field.
    retry: false,
    enabled: enabled && settled === draft,
    staleTime: 60_000,
  });
}

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
  onName: (name: string) => void;
};

/** What the recipe will bring, and the button that starts it. */
function Outcome({ version, lab, draft, saved, start: from, compute, check, memory, onName }: OutcomeProps) {
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
  const estimate = check.data?.estimate;
  const problems = check.data?.problems ?? [];
  const total = Object.values(estimate?.budget ?? {}).reduce((sum, n) => sum + n, 0);
  return (
    <Panel title="What comes out">
      <Stack gap="md">
        <ClassBars
          classNames={version.classes}
          parts={[
            { name: 'real (train)', tone: 'train', counts: version.counts.train ?? {} },
            { name: 'synthetic', tone: 'synthetic', counts: estimate?.budget ?? {} },
          ]}
          label="Training images per class, real and synthetic"
        />
        {estimate && total > 0 && (
          <Text size="sm">
            {plural(total, 'synthetic image')}, chosen from {plural(estimate.num_candidates, 'candidate')}.
          </Text>
        )}
        {estimate && <HowLong estimate={estimate} />}
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
        <Button loading={start.isPending} disabled={problems.length > 0} onClick={() => start.mutate()}>
          Start the run
        </Button>
        {from === null && saved === null && <SaveRecipe lab={lab} draft={draft} disabled={problems.length > 0} />}
        {problems.length > 0 && (
          <Text size="sm" c="var(--mantine-color-error)" role="status">
            {plural(problems.length, 'thing')} to put right first; each stands at its place in the form.
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

/** How long the run takes once a worker has it, and from what that is told. */
function HowLong({ estimate }: { estimate: Schemas['Estimate'] }) {
  const { duration_s, duration_from } = estimate;
  return (
    <Text size="sm" c={duration_s === null ? 'dimmed' : undefined}>
      {duration_s !== null && `It takes about ${duration(coarse(duration_s))}. `}
      {duration_from}
    </Text>
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
  // Not randomUUID: it is missing where the page comes over plain http from another machine.
  const [page] = useState(() => crypto.getRandomValues(new Uint32Array(4)).join('-'));
  return `${page}-${hashOf(JSON.stringify(body))}`;
}

function hashOf(text: string): string {
  let hash = 5381;
  for (const sign of text) hash = (hash * 33 + (sign.codePointAt(0) ?? 0)) >>> 0;
  return hash.toString(36);
}

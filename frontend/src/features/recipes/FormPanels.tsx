import { Group, NumberInput, Stack, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { words } from '@/components/format';
import { Panel } from '@/components/Page';
import { BudgetEditor } from '@/components/recipe/BudgetEditor';
import { Choices, type Option } from '@/components/recipe/Choices';
import { modelObstacle, samplerObstacle } from '@/components/recipe/suitability';
import { faultsUnder } from '@/components/SettingsForm/faults';
import { useYields } from '@/components/recipe/useYields';
import { yieldSentence, yieldWords } from '@/components/recipe/yieldWords';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import type { Draft } from './draft';
import { ChosenMemory, OtherMemory } from './ModelMemory';
import { timeSentence, timeWords } from './outlookWords';
import { fixedSettings, settingsSentence, type Start } from './start';
import type { useCheck, useMemory } from './useOutlook';

type Shared = {
  catalogue: Schemas['Catalogue'];
  version: Schemas['DatasetVersion'];
  draft: Draft;
  set: (part: Partial<Draft>) => void;
  check: ReturnType<typeof useCheck>;
  start: Start | null;
  model: Schemas['ModelPlugin'];
};

/** Which model learns: cards with what each needs here, then the settings of the chosen one. */
export function ModelPanel(props: Shared & { kind: string; memory: ReturnType<typeof useMemory> }) {
  const { draft, set, check, start, model, memory } = props;
  const faults = faultsUnder(check.problems, 'model_settings');
  return (
    <Panel title="Model">
      <Stack gap="lg">
        {start === null ? (
          <Choices
            label="Model"
            value={draft.model}
            onChange={(name) => set({ model: name, model_settings: {} })}
            options={modelOptions(props)}
            fault={faultsUnder(check.problems, 'model')['']}
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
            classNames={props.version.classes}
            version={props.version.id}
            onChange={(model_settings) => set({ model_settings })}
            faults={memory.data?.fits === false ? { batch_size: memory.data.sentence, ...faults } : faults}
            fixed={start === null ? [] : fixedSettings(start.way, model.shaping)}
          />
        )}
      </Stack>
    </Panel>
  );
}

function modelOptions(props: Shared & { kind: string; memory: ReturnType<typeof useMemory> }): Option[] {
  const { catalogue, version, draft, check, kind, memory } = props;
  const yields = catalogue.dataset_kinds.find((one) => one.name === kind)?.yields ?? [];
  // Memory is a matter of the model alone, so it is asked with a sampler that suits every model.
  const plain = catalogue.samplers.find((one) => one.needs.length === 0)?.name ?? draft.sampler;
  return catalogue.models.map((one) => {
    const needs: [string, string] = ['Needs', one.consumes.map(words).join(' and ')];
    const obstacle = modelObstacle(one, yields, version.classes.length);
    if (obstacle !== null) return { ...one, obstacle, facts: [needs] };
    const time = check.models[one.name];
    const asked = { ...draft, model: one.name, model_settings: {}, sampler: plain, sampler_settings: {} };
    const memoryHere =
      one.name === draft.model ? (
        <ChosenMemory memory={memory} />
      ) : (
        <OtherMemory version={version.id} draft={asked} title={one.card.title} />
      );
    return {
      ...one,
      obstacle,
      ...(time === undefined ? {} : { outlook: timeWords(time) }),
      facts: [needs, ['Time', time === undefined ? '–' : timeSentence(time)], ['Memory', memoryHere]],
    };
  });
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

/** Which sampler chooses: side by side with what each would keep of this pool. */
export function SamplerPanel(props: Shared & { sampler: Schemas['SamplerPlugin'] }) {
  const { catalogue, version, draft, set, check, model, sampler } = props;
  const yields = useYields(version.id, draft);
  const option = (one: Schemas['SamplerPlugin']): Option => {
    const told = yields?.samplers.find((each) => each.sampler === one.name);
    const obstacle = samplerObstacle(one, model, draft.model_settings);
    if (yields === undefined || told === undefined || obstacle !== null) return { ...one, obstacle };
    const { num_candidates: drawn } = yields;
    return { ...one, obstacle, outlook: yieldWords(told, drawn), facts: [['Keeps', yieldSentence(told, drawn)]] };
  };
  return (
    <Panel title="Sampler">
      <Stack gap="lg">
        <Choices
          label="Sampler"
          value={draft.sampler}
          onChange={(name) => set({ sampler: name, sampler_settings: {} })}
          options={catalogue.samplers.map(option)}
          fault={faultsUnder(check.problems, 'sampler')['']}
        />
        <SettingsForm
          key={sampler.name}
          schema={sampler.schema}
          values={draft.sampler_settings}
          onChange={(sampler_settings) => set({ sampler_settings })}
          faults={faultsUnder(check.problems, 'sampler_settings')}
          none="This sampler has nothing to set."
        />
      </Stack>
    </Panel>
  );
}

/** How much of each class is wanted, and from how many candidates it is chosen. */
export function BudgetPanel({ version, draft, set, check }: Shared) {
  return (
    <Panel title="Budget">
      <Stack gap="lg">
        <BudgetEditor
          budget={draft.budget}
          classNames={version.classes}
          real={version.counts.train ?? {}}
          onChange={(budget) => set({ budget })}
          fault={Object.values(faultsUnder(check.problems, 'budget'))[0]}
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
            error={faultsUnder(check.problems, 'pool_factor')['']}
            maw={300}
          />
          <NumberInput
            label="Seed"
            description="The same recipe, data and seed give the same result."
            min={0}
            allowDecimal={false}
            value={draft.seed}
            onChange={(value) => set({ seed: Number(value) })}
            error={faultsUnder(check.problems, 'seed')['']}
            maw={300}
          />
        </Group>
      </Stack>
    </Panel>
  );
}

import { Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Columns, Panel } from '@/components/Page';
import { modelObstacle } from '@/components/recipe/suitability';
import { faultsUnder } from '@/components/SettingsForm/faults';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import { ArmsPanel } from './ArmsPanel';
import type { Draft } from './draft';
import { StartStudy } from './StartStudy';
import { useCheck } from './useCheck';

type Props = {
  catalogue: Schemas['Catalogue'];
  version: Schemas['DatasetVersion'];
  /** Of the dataset. */
  kind: string;
  first: Draft;
  /** The run that raised the question, or null. */
  run: string | null;
};

/** What is compared, and how: the service says, as one types, what does not fit and how much will be trained. */
export function StudyForm({ catalogue, version, kind, first, run }: Props) {
  const [draft, setDraft] = useState(first);
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const check = useCheck(version.id, draft);
  const model = catalogue.models.find((one) => one.name === draft.model);
  const yields = catalogue.dataset_kinds.find((one) => one.name === kind)?.yields ?? [];
  return (
    <Columns
      main={
        <>
          <ArmsPanel
            study={catalogue.study}
            samplers={catalogue.samplers}
            arms={draft.arms}
            onChange={(arms) => set({ arms })}
            fault={Object.values(faultsUnder(check.problems, 'arms'))[0]}
          />
          <Panel title="Generator">
            <Stack gap="lg">
              <Select
                label="Model"
                description={model?.card.summary}
                data={catalogue.models.map((one) => ({
                  value: one.name,
                  label: one.card.title,
                  disabled: modelObstacle(one, yields) !== null,
                }))}
                value={draft.model}
                onChange={(name) => name !== null && set({ model: name, model_settings: {} })}
                allowDeselect={false}
                searchable
                error={faultsUnder(check.problems, 'model')['']}
                maw={420}
              />
              {model !== undefined && (
                <SettingsForm
                  key={model.name}
                  schema={model.schema}
                  values={draft.model_settings}
                  onChange={(model_settings) => set({ model_settings })}
                  faults={faultsUnder(check.problems, 'model_settings')}
                />
              )}
            </Stack>
          </Panel>
          <Panel title="Trainings">
            <Stack gap="md">
              <SettingsForm
                schema={catalogue.study.schema}
                values={draft.settings}
                onChange={(settings) => set({ settings })}
                faults={faultsUnder(check.problems, 'settings')}
              />
              <Text size="xs" c="dimmed">
                Effects of this size come and go with the seed, the generator’s more than the child’s: an answer needs
                three of each at least, and says more with five.
              </Text>
            </Stack>
          </Panel>
        </>
      }
      aside={<StartStudy version={version.id} draft={draft} run={run} check={check} onName={(name) => set({ name })} />}
    />
  );
}

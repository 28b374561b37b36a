import { Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Columns, Panel } from '@/components/Page';
import { modelObstacle } from '@/components/recipe/suitability';
import { faultsUnder } from '@/components/SettingsForm/faults';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import { ArmsPanel } from './ArmsPanel';
import type { Draft } from './draft';
import { GeneratorPanel } from './GeneratorPanel';
import { StartStudy } from './StartStudy';
import { useCheck } from './useCheck';

/** Settings that say nothing where pools are given. */
const OF_GENERATORS = ['num_generator_seeds', 'pool_factor'];

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
          <GeneratorPanel
            models={catalogue.models.map((one) => ({
              ...one,
              isUnsuitable: modelObstacle(one, yields, version.classes.length) !== null,
            }))}
            version={version}
            draft={draft}
            set={set}
            problems={check.problems}
          />
          <Panel title="Trainings">
            <Stack gap="md">
              <SettingsForm
                schema={catalogue.study.schema}
                values={draft.settings}
                onChange={(settings) => set({ settings })}
                faults={faultsUnder(check.problems, 'settings')}
                fixed={draft.pools !== null ? OF_GENERATORS : []}
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

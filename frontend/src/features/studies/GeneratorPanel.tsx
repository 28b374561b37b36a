import { MultiSelect, Radio, Select, Stack } from '@mantine/core';
import { api, type Schemas } from '@/api/client';
import { ago } from '@/components/format';
import { Panel } from '@/components/Page';
import { runTitle } from '@/components/runTitle';
import { faultsUnder, type Problem } from '@/components/SettingsForm/faults';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import type { Draft } from './draft';

type Model = Schemas['ModelPlugin'] & { isUnsuitable: boolean };

type Props = {
  models: Model[];
  version: Schemas['DatasetVersion'];
  draft: Draft;
  set: (part: Partial<Draft>) => void;
  problems: Problem[];
};

/** Where the synthetic images come from: generators that are trained for the study, or pools that are there. */
export function GeneratorPanel({ models, version, draft, set, problems }: Props) {
  const isGiven = draft.pools !== null;
  const pools = usePools(version.id);
  return (
    <Panel title="Synthetic images">
      <Stack gap="lg">
        <Radio.Group
          aria-label="Where synthetic images come from"
          value={isGiven ? 'pools' : 'generators'}
          onChange={(value) => set({ pools: value === 'pools' ? pools.slice(0, 1).map((pool) => pool.value) : null })}
        >
          <Stack gap="xs">
            <Radio
              value="generators"
              label="New generators"
              description="Trained from several seeds: the answer is about the way to make images."
            />
            <Radio
              value="pools"
              label="Pools that are there"
              description="Nothing is trained but child networks: the answer is about these images, other trainings may differ."
              disabled={pools.length === 0 && !isGiven}
            />
          </Stack>
        </Radio.Group>
        {draft.pools !== null ? (
          <MultiSelect
            label="Pools"
            description="Of finished runs and imports on this version. Three or more of one model, each trained anew, say what the way to make them is worth."
            data={pools}
            value={draft.pools}
            onChange={(chosen) => set({ pools: chosen })}
            error={draft.pools.length === 0 ? 'Name at least one pool.' : faultsUnder(problems, 'pools')['']}
            searchable
          />
        ) : (
          <ModelChoice models={models} version={version} draft={draft} set={set} problems={problems} />
        )}
      </Stack>
    </Panel>
  );
}

function ModelChoice({ models, version, draft, set, problems }: Props) {
  const model = models.find((one) => one.name === draft.model);
  return (
    <>
      <Select
        label="Model"
        description={model?.card.summary}
        data={models.map((one) => ({ value: one.name, label: one.card.title, disabled: one.isUnsuitable }))}
        value={draft.model}
        onChange={(name) => name !== null && set({ model: name, model_settings: {} })}
        allowDeselect={false}
        searchable
        error={faultsUnder(problems, 'model')['']}
        maw={420}
      />
      {model !== undefined && (
        <SettingsForm
          key={model.name}
          schema={model.schema}
          values={draft.model_settings}
          classNames={version.classes}
          version={version.id}
          onChange={(model_settings) => set({ model_settings })}
          faults={faultsUnder(problems, 'model_settings')}
        />
      )}
    </>
  );
}

/** The pools of the version's finished runs, the newest first. */
function usePools(version: string): { value: string; label: string }[] {
  const { data } = api.useQuery('get', '/api/v1/runs/', { params: { query: { version, limit: 100 } } });
  return (data?.results ?? []).flatMap((run) =>
    run.pool === null ? [] : [{ value: run.pool, label: `${runTitle(run)}, ${ago(run.created_at)}` }],
  );
}

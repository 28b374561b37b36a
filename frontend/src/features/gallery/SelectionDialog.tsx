import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, http, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { Fault, Waiting } from '@/components/Fault';
import { plural, words } from '@/components/format';
import { BudgetEditor } from '@/components/recipe/BudgetEditor';
import type { Budget } from '@/components/recipe/budget';
import { Choices } from '@/components/recipe/Choices';
import { samplerObstacle } from '@/components/recipe/suitability';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import type { Values } from '@/components/SettingsForm/fields';

type Props = {
  run: Schemas['Run'];
  pool: Schemas['Pool'];
  opened: boolean;
  onClose: () => void;
  onMade: (id: string) => void;
};

/** Another sampler, budget or seed on the same pool; nothing is trained. */
export function SelectionDialog(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Select again from the same pool" size="xl">
      <SelectionForm {...props} />
    </Modal>
  );
}

function SelectionForm({ run, pool, onClose, onMade }: Props) {
  const { data: catalogue, error } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const { data: version } = api.useQuery('get', '/api/v1/versions/{id}/', { params: { path: { id: pool.version } } });
  const [sampler, setSampler] = useState(run.recipe.sampler);
  const [settings, setSettings] = useState<Values>({});
  const [budget, setBudget] = useState<Budget>(run.recipe.budget);
  const [seed, setSeed] = useState(0);
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () =>
      take(
        http.POST('/api/v1/pools/{id}/selections/', {
          params: { path: { id: pool.id } },
          body: { sampler, sampler_settings: settings, budget, seed },
        }),
      ),
    onSuccess: async (selection) => {
      await queries.invalidateQueries({
        queryKey: ['get', '/api/v1/pools/{id}/', { params: { path: { id: pool.id } } }],
      });
      onMade(selection.id);
      onClose();
    },
  });
  const model = catalogue?.models.find((one) => one.name === run.recipe.model);
  if (catalogue === undefined || (model === undefined && run.origin === null) || version === undefined)
    return error === null ? <Waiting lines={6} /> : <Fault error={error} />;
  const chosen = catalogue.samplers.find((one) => one.name === sampler);
  const faults = faultsOf(make.error);
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        The pool holds {plural(pool.num_samples, 'candidate')}. A class gets at most as many as were drawn of it;
        verdicts stay with their samples.
      </Text>
      <Choices
        brief
        label="Sampler"
        value={sampler}
        onChange={(name) => {
          setSampler(name);
          setSettings({});
        }}
        options={catalogue.samplers.map((one) => ({
          ...one,
          obstacle: model === undefined ? lackOf(one, pool) : samplerObstacle(one, model, run.recipe.model_settings),
        }))}
        fault={faults.sampler}
      />
      <SettingsForm
        key={sampler}
        schema={chosen?.schema}
        values={settings}
        onChange={setSettings}
        none="This sampler has nothing to set."
      />
      <BudgetEditor
        budget={budget}
        classNames={pool.classes}
        real={version.counts.train ?? {}}
        fault={faults.budget}
        onChange={setBudget}
      />
      <NumberInput
        label="Seed"
        min={0}
        allowDecimal={false}
        value={seed}
        onChange={(value) => setSeed(Number(value))}
        maw={260}
      />
      <Fault error={make.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button loading={make.isPending} onClick={() => make.mutate()}>
          Select
        </Button>
      </Group>
    </Stack>
  );
}

/** Imported images have the scores that came with them, whatever a model would give. */
function lackOf(sampler: Schemas['SamplerPlugin'], pool: Schemas['Pool']): string | null {
  const missing = sampler.needs.filter((score) => !pool.score_names.includes(score));
  return missing.length === 0 ? null : `Ranks by ${missing.map(words).join(', ')}, which these images lack.`;
}

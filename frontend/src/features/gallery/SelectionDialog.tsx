import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, http, take, type Schemas } from '@/api/client';
import { faultsOf } from '@/api/errors';
import { Fault, Waiting } from '@/components/Fault';
import { plural, words } from '@/components/format';
import { BudgetEditor } from '@/components/recipe/BudgetEditor';
import { askedOf, type Budget } from '@/components/recipe/budget';
import { Choices, type Option } from '@/components/recipe/Choices';
import { samplerObstacle } from '@/components/recipe/suitability';
import { useYields } from '@/components/recipe/useYields';
import { yieldSentence, yieldWords } from '@/components/recipe/yieldWords';
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
      <SelectionPending {...props} />
    </Modal>
  );
}

function SelectionPending(props: Props) {
  const { run, pool } = props;
  const { data: catalogue, error } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const { data: version } = api.useQuery('get', '/api/v1/versions/{id}/', { params: { path: { id: pool.version } } });
  const model = catalogue?.models.find((one) => one.name === run.recipe.model);
  if (catalogue === undefined || (model === undefined && run.origin === null) || version === undefined)
    return error === null ? <Waiting lines={6} /> : <Fault error={error} />;
  return <SelectionForm {...props} catalogue={catalogue} model={model} real={version.counts.train ?? {}} />;
}

type FormProps = Props & {
  catalogue: Schemas['Catalogue'];
  model: Schemas['ModelPlugin'] | undefined;
  /** Training images of each class. */
  real: Record<string, number>;
};

function SelectionForm({ run, pool, onClose, onMade, catalogue, model, real }: FormProps) {
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
  const recipe = useMemo(
    () => ({ ...run.recipe, sampler, sampler_settings: settings, budget: within(budget, pool, real), pool_factor: 1 }),
    [run.recipe, sampler, settings, budget, pool, real],
  );
  const yields = useYields(pool.version, recipe);
  const option = (one: Schemas['SamplerPlugin']): Option => {
    const told = yields?.samplers.find((each) => each.sampler === one.name);
    const obstacle = model === undefined ? lackOf(one, pool) : samplerObstacle(one, model, run.recipe.model_settings);
    if (told === undefined || obstacle !== null) return { ...one, obstacle };
    const { num_samples: drawn } = pool;
    return { ...one, obstacle, outlook: yieldWords(told, drawn), facts: [['Keeps', yieldSentence(told, drawn)]] };
  };
  const chosen = catalogue.samplers.find((one) => one.name === sampler);
  const faults = faultsOf(make.error);
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        The pool holds {plural(pool.num_samples, 'candidate')}. A class gets at most as many as were drawn of it;
        verdicts stay with their samples.
      </Text>
      <Choices
        label="Sampler"
        value={sampler}
        onChange={(name) => {
          setSampler(name);
          setSettings({});
        }}
        options={catalogue.samplers.map(option)}
        fault={faults.sampler}
      />
      <SettingsForm
        key={sampler}
        schema={chosen?.schema}
        values={settings}
        onChange={setSettings}
        none="This sampler has nothing to set."
      />
      <BudgetEditor budget={budget} classNames={pool.classes} real={real} fault={faults.budget} onChange={setBudget} />
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

/** The budget as far as the pool can meet it: of no class more than were drawn. */
function within(budget: Budget, pool: Schemas['Pool'], real: Record<string, number>): Budget {
  const asked = Object.entries(askedOf(budget, pool.classes, real));
  return {
    kind: 'counts',
    counts: Object.fromEntries(asked.map(([name, n]) => [name, Math.min(n, pool.class_counts[name] ?? 0)])),
  };
}

/** Imported images have the scores that came with them, whatever a model would give. */
function lackOf(sampler: Schemas['SamplerPlugin'], pool: Schemas['Pool']): string | null {
  const missing = sampler.needs.filter((score) => !pool.score_names.includes(score));
  return missing.length === 0 ? null : `Ranks by ${missing.map(words).join(', ')}, which these images lack.`;
}

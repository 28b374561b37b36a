/** How recipes differ, and what their runs reached, as rows of a table with a column for each run. */

import type { Schemas } from '@/api/client';
import { count, words } from '@/components/format';
import { budgetSentence, type Budget } from '@/components/recipe/budget';
import { runTitle } from '@/components/runTitle';

type Run = Pick<
  Schemas['Run'],
  'dataset_name' | 'version_number' | 'model' | 'sampler' | 'recipe' | 'compute' | 'start'
>;
type Row = { name: string; values: string[] };

/** What a run does not have at all: a setting of another model, a metric that was not measured. */
export const NOTHING = '–';

/** The settings in which the runs are not all the same, in the order of the recipe. */
export function differences(runs: Run[]): Row[] {
  const told = runs.map(factsOf);
  const names = [...new Set(told.flatMap((facts) => [...facts.keys()]))];
  return names
    .map((name) => ({ name, values: told.map((facts) => facts.get(name) ?? NOTHING) }))
    .filter(({ values }) => new Set(values).size > 1);
}

function factsOf({ dataset_name, version_number, recipe, model, sampler, compute, start }: Run): Map<string, string> {
  return new Map([
    ['dataset', `${dataset_name}, version ${version_number}`],
    ['starts from', start === null ? 'nothing' : `${runTitle(start.run)}, step ${count(start.step)} (${start.way})`],
    ['model', model],
    ...settings(recipe.model_settings, ''),
    ['seed', String(recipe.seed)],
    ['sampler', words(sampler)],
    ...settings(recipe.sampler_settings, ' of the sampler'),
    ['budget', budgetInFull(recipe.budget)],
    ['candidates per image asked for', String(recipe.pool_factor)],
    ['images at once', compute.micro_batch === null ? 'the whole batch' : String(compute.micro_batch)],
  ]);
}

function settings(given: Record<string, unknown>, of: string): [string, string][] {
  return Object.entries(given).map(([name, value]) => [
    `${words(name)}${of}`,
    typeof value === 'string' ? words(value) : JSON.stringify(value),
  ]);
}

/** Two budgets by class may have one sum. */
function budgetInFull(budget: Budget): string {
  if (budget.kind !== 'counts') return budgetSentence(budget);
  const counts = Object.entries(budget.counts).map(([name, number]) => `${name} ${count(number)}`);
  return `${budgetSentence(budget)} (${counts.join(', ')})`;
}

/** Keys of all metrics that have a value for one of the runs, those of the in-domain encoder first. */
export function metricsOf(runs: Pick<Schemas['Run'], 'metrics'>[]): string[] {
  const measured = runs.flatMap(({ metrics }) => Object.entries(metrics).filter(([, { value }]) => value !== null));
  const keys = new Set(measured.map(([key]) => key));
  return [...keys].sort((a, b) => Number(a.includes('/')) - Number(b.includes('/')));
}

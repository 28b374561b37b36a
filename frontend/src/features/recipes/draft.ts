import type { Budget } from '@/components/recipe/budget';
import type { Problem } from '@/components/SettingsForm/faults';
import type { Values } from '@/components/SettingsForm/fields';

/** A recipe as it is being written; settings hold only what differs from the defaults. */
export type Draft = {
  name: string;
  model: string;
  model_settings: Values;
  sampler: string;
  sampler_settings: Values;
  budget: Budget;
  pool_factor: number;
  seed: number;
};

export const NEW_DRAFT: Draft = {
  name: '',
  model: 'dcgan',
  model_settings: {},
  sampler: 'class_confidence',
  sampler_settings: {},
  budget: { kind: 'per_class', count: 200 },
  pool_factor: 4,
  seed: 0,
};

/** What a recipe says, without what it is called. */
export type Contents = Omit<Draft, 'name'>;

export function contentsOf(recipe: Contents): Contents {
  const { model, model_settings, sampler, sampler_settings, budget, pool_factor, seed } = recipe;
  return { model, model_settings, sampler, sampler_settings, budget, pool_factor, seed };
}

/** Whether the draft still says what the saved recipe says; the order of settings means nothing. */
export function saysTheSame(draft: Contents, recipe: Contents): boolean {
  return inOrder(contentsOf(draft)) === inOrder(contentsOf(recipe));
}

function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** The draft with settings of the model changed, each written as `name:value`; a value is JSON, else a word. */
export function withSettings(draft: Draft, changes: string[]): Draft {
  const pairs = changes.filter((change) => change.indexOf(':') > 0).map(readChange);
  return { ...draft, model_settings: { ...draft.model_settings, ...Object.fromEntries(pairs) } };
}

function readChange(change: string): [string, unknown] {
  const colon = change.indexOf(':');
  const written = change.slice(colon + 1);
  try {
    return [change.slice(0, colon), JSON.parse(written)];
  } catch {
    return [change.slice(0, colon), written];
  }
}

const PLACED = [
  'model',
  'model_settings',
  'sampler',
  'sampler_settings',
  'budget',
  'pool_factor',
  'seed',
  'name',
  'compute',
];

/** The problems that no input of the form shows: they stand at the button. */
export function unplaced(problems: Problem[]): Problem[] {
  return problems.filter(({ field }) => !PLACED.includes(field.replace(/^recipe\./, '').split('.')[0] ?? ''));
}

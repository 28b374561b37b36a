import type { Budget, BudgetKind } from '@/components/recipe/budget';
import type { Values } from '@/components/SettingsForm/fields';
import type { Problem } from '@/components/SettingsForm/faults';
import { contentsOf, NEW_DRAFT, saysTheSame, type Contents } from './draft';
import { JsonFault, readJson } from './jsonText';

/** Something wrong with the text, at a line from 1. */
export type LineFault = { line: number; message: string };

export type RecipeText = {
  /** Null while the text is no recipe. */
  recipe: Contents | null;
  /** What keeps it from being one. */
  faults: LineFault[];
  lines: Map<string, number>;
};

const BUDGETS: Record<BudgetKind, string> = {
  per_class: 'count',
  fill_to_largest: '',
  fill_to: 'count',
  counts: 'counts',
  multiple: 'factor',
};

type Kind = 'a text' | 'a number' | 'an object';
const PARTS: Record<string, Kind> = {
  model: 'a text',
  model_settings: 'an object',
  sampler: 'a text',
  sampler_settings: 'an object',
  budget: 'an object',
  pool_factor: 'a number',
  seed: 'a number',
};
const NEEDED = ['model', 'sampler', 'budget'];

/** A recipe as JSON, as it is sent; what it is called stands beside it. */
export function textOf(recipe: Contents): string {
  return JSON.stringify(contentsOf(recipe), null, 2);
}

/** The text that was typed, as long as it says what the recipe says; else the recipe's. */
export function textFor(recipe: Contents, typed: string): string {
  const before = readRecipe(typed).recipe;
  return before !== null && saysTheSame(before, recipe) ? typed : textOf(recipe);
}

/** A recipe from JSON, as far as a form can show it; the values within are the server's to judge. */
export function readRecipe(text: string): RecipeText {
  try {
    const { value, lines } = readJson(text);
    const faults = shapeFaults(value).map(([path, message]) => ({ line: lineOf(lines, path), message }));
    const recipe = faults.length === 0 ? contentsOf({ ...NEW_DRAFT, ...(value as Partial<Contents>) }) : null;
    return { recipe, faults, lines };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return { recipe: null, faults: [{ line: error.line, message: error.message }], lines: new Map() };
  }
}

/** The server's problems with the recipe, each at the line of what it is about, or of what that stands in. */
export function lineFaults(problems: Problem[], lines: Map<string, number>): LineFault[] {
  return problems
    .filter(({ field }) => field.startsWith('recipe.'))
    .map(({ field, message }) => ({ line: lineOf(lines, field.slice('recipe.'.length)), message }));
}

function lineOf(lines: Map<string, number>, path: string): number {
  const known = lines.get(path);
  if (known !== undefined || path === '') return known ?? 1;
  return lineOf(lines, path.slice(0, Math.max(0, path.lastIndexOf('.'))));
}

/** [path, sentence] of what a form could not show. */
function shapeFaults(value: unknown): [string, string][] {
  if (!isObject(value)) return [['', 'A recipe is an object: { "model": …, "sampler": …, "budget": … }.']];
  const faults: [string, string][] = NEEDED.filter((part) => !Object.hasOwn(value, part)).map((part) => [
    '',
    `A recipe needs “${part}”, and there is none.`,
  ]);
  for (const [name, part] of Object.entries(value)) {
    const kind = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
    if (kind === undefined) faults.push([name, `A recipe has no “${name}”; it has ${Object.keys(PARTS).join(', ')}.`]);
    else if (kindOf(part) !== kind) faults.push([name, `${name}: found ${shown(part)}, expected ${kind}.`]);
  }
  return isObject(value.budget) ? [...faults, ...budgetFaults(value.budget)] : faults;
}

function budgetFaults(budget: Values): [string, string][] {
  const kind = budget.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(BUDGETS, kind))
    return [['budget.kind', `The budget needs a kind, one of: ${Object.keys(BUDGETS).join(', ')}.`]];
  const part = BUDGETS[kind as Budget['kind']];
  if (part === '') return [];
  const given = budget[part];
  if (part !== 'counts')
    return kindOf(given) === 'a number'
      ? []
      : [[`budget.${part}`, `${part}: found ${shown(given)}, expected a number.`]];
  if (!isObject(given)) return [['budget.counts', `counts: found ${shown(given)}, expected a number for each class.`]];
  return Object.entries(given)
    .filter(([, one]) => kindOf(one) !== 'a number')
    .map(([name, one]) => [`budget.counts.${name}`, `${name}: found ${shown(one)}, expected a number.`]);
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): Kind | null {
  if (isObject(value)) return 'an object';
  return typeof value === 'string' ? 'a text' : typeof value === 'number' ? 'a number' : null;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 40);
}

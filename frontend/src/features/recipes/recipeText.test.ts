import { describe, expect, it } from 'vitest';
import { contentsOf, NEW_DRAFT, type Contents } from './draft';
import { lineFaults, readRecipe, textFor, textOf } from './recipeText';

const RECIPE: Contents = {
  ...contentsOf(NEW_DRAFT),
  model_settings: { width: 8 },
  budget: { kind: 'counts', counts: { 'a.b': 3 } },
};

/** "line: sentence" of all that is wrong. */
function faults(text: string): string[] {
  return readRecipe(text).faults.map(({ line, message }) => `${line}: ${message}`);
}

describe('a recipe as text', () => {
  it('comes back as it went', () => {
    expect(readRecipe(textOf(RECIPE)).recipe).toEqual(RECIPE);
  });

  it('may leave out what has a default', () => {
    const { recipe } = readRecipe('{"model": "gan", "sampler": "random", "budget": {"kind": "fill_to_largest"}}');
    expect(recipe).toMatchObject({ model: 'gan', model_settings: {}, pool_factor: 4, seed: 0 });
  });

  it('says what a form could not show at the line where it stands', () => {
    expect(faults('{\n"model": 3,\n"sampler": "random",\n"seeds": 1,\n"budget": {"kind": "all"}}')).toEqual([
      '2: model: found 3, expected a text.',
      expect.stringContaining('4: A recipe has no “seeds”; it has model,'),
      expect.stringContaining('5: The budget needs a kind, one of: per_class'),
    ]);
    expect(faults('[]')).toHaveLength(1);
    expect(faults('{\n"model": "gan"}')).toEqual([
      '1: A recipe needs “sampler”, and there is none.',
      '1: A recipe needs “budget”, and there is none.',
    ]);
    const counts = '"budget": {"kind": "counts", "counts": {\n"cat": "many"}}}';
    expect(faults(`{"model": "gan", "sampler": "random",\n${counts}`)).toEqual([
      '3: cat: found "many", expected a number.',
    ]);
    expect(faults('{"model": "gan", "sampler": "random",\n"budget": {"kind": "multiple"}}')).toEqual([
      '2: factor: found nothing, expected a number.',
    ]);
  });

  it('has the server’s problems at their lines, and at what they stand in where they have none', () => {
    const { lines } = readRecipe(textOf(RECIPE));
    const at = (field: string) => lineFaults([{ code: '', message: 'm', field }], lines).map(({ line }) => line);
    expect(at('recipe.model')).toEqual([2]);
    expect(at('recipe.model_settings.width')).toEqual([4]);
    expect(at('recipe.model_settings.batch_size')).toEqual([3]);
    expect(at('recipe.budget.counts.a.b')).toEqual([lines.get('budget.counts.a.b')]);
    expect(at('version')).toEqual([]);
  });

  it('stays as it was typed as long as it says the same', () => {
    const typed = JSON.stringify(JSON.parse(textOf(RECIPE)));
    expect(textFor(RECIPE, typed)).toBe(typed);
    expect(textFor({ ...RECIPE, seed: 1 }, typed)).toBe(textOf({ ...RECIPE, seed: 1 }));
    expect(textFor(RECIPE, '{')).toBe(textOf(RECIPE));
  });
});

import { describe, expect, it } from 'vitest';
import { faultsUnder, unplaced } from './draft';

const PROBLEMS = [
  { code: 'invalid', message: 'too small', field: 'recipe.model_settings.batch_size' },
  { code: 'invalid', message: 'asks for nothing', field: 'recipe.budget' },
  { code: 'not_ready', message: 'still being read', field: 'version' },
];

describe('problems of a recipe', () => {
  it('stand at the input that they are about', () => {
    expect(faultsUnder(PROBLEMS, 'model_settings')).toEqual({ batch_size: 'too small' });
    expect(faultsUnder(PROBLEMS, 'budget')).toEqual({ '': 'asks for nothing' });
    expect(faultsUnder(PROBLEMS, 'seed')).toEqual({});
  });

  it('are not lost when they are about no input', () => {
    expect(unplaced(PROBLEMS).map((problem) => problem.code)).toEqual(['not_ready']);
  });
});

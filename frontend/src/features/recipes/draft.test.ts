import { describe, expect, it } from 'vitest';
import { faultsUnder } from '@/components/SettingsForm/faults';
import { NEW_DRAFT, saysTheSame, unplaced, withSettings } from './draft';

const PROBLEMS = [
  { code: 'invalid', message: 'too small', field: 'recipe.model_settings.batch_size' },
  { code: 'invalid', message: 'asks for nothing', field: 'recipe.budget' },
  { code: 'not_ready', message: 'still being read', field: 'version' },
];

describe('problems of a recipe', () => {
  it('stand at the input that they are about', () => {
    expect(faultsUnder(PROBLEMS, 'model_settings')).toEqual({ batch_size: 'too small' });
    const deep = [{ code: 'bad_setting', message: 'no such transform', field: 'settings.transforms.6.0' }];
    expect(faultsUnder(deep, 'settings')).toEqual({ transforms: 'no such transform' });
    expect(faultsUnder(PROBLEMS, 'budget')).toEqual({ '': 'asks for nothing' });
    expect(faultsUnder(PROBLEMS, 'seed')).toEqual({});
  });

  it('are not lost when they are about no input', () => {
    expect(unplaced(PROBLEMS).map((problem) => problem.code)).toEqual(['not_ready']);
  });
});

describe('settings from an address', () => {
  it('stand over those of the recipe, each read as what it is', () => {
    const draft = { ...NEW_DRAFT, model_settings: { width: 8, spectral_norm: false } };
    const changes = ['learning_rate_D:0.0001', 'spectral_norm:true', 'augmentation:colour,translation', 'nonsense'];
    expect(withSettings(draft, changes).model_settings).toEqual({
      width: 8,
      learning_rate_D: 0.0001,
      spectral_norm: true,
      augmentation: 'colour,translation',
    });
    expect(draft.model_settings).toEqual({ width: 8, spectral_norm: false });
  });
});

it('says the same as a saved recipe whatever the order of its settings and its name', () => {
  const saved = { ...NEW_DRAFT, name: 'saved', model_settings: { width: 8, loss: 'hinge' } };
  const draft = { ...NEW_DRAFT, name: 'a run', model_settings: { loss: 'hinge', width: 8 } };
  expect(saysTheSame(draft, saved)).toBe(true);
  expect(saysTheSame({ ...draft, seed: 1 }, saved)).toBe(false);
  expect(saysTheSame({ ...draft, model_settings: { loss: 'hinge' } }, saved)).toBe(false);
});

import { expect, it } from 'vitest';
import { allFaultsUnder, faultsUnder } from './faults';

const problem = (field: string, message: string) => ({ code: 'bad', field, message });

it('names every fault of an input once, also those of one of its entries', () => {
  const found = [problem('arms', 'one'), problem('arms', 'two'), problem('arms', 'two'), problem('arms.1', 'three')];
  expect(allFaultsUnder([...found, problem('settings', 'other')], 'arms')).toEqual(['one', 'two', 'three']);
});

it('puts a fault at the setting that it is about', () => {
  const found = [problem('model_settings.num_blocks', 'unknown'), problem('arms', 'other')];
  expect(faultsUnder(found, 'model_settings')).toEqual({ num_blocks: 'unknown' });
});

import { describe, expect, it } from 'vitest';
import type { Schemas } from '@/api/client';
import { differences, metricsOf, NOTHING } from './differences';

function run(recipe: Partial<Schemas['Recipe']>, rest: Partial<Schemas['Run']> = {}): Schemas['Run'] {
  const whole = {
    model: 'dcgan',
    model_settings: { batch_size: 64, loss: 'non_saturating' },
    sampler: 'random',
    sampler_settings: {},
    budget: { kind: 'per_class', count: 10 },
    pool_factor: 4,
    seed: 1,
    ...recipe,
  };
  return {
    dataset_name: 'Shapes',
    version_number: 1,
    model: whole.model,
    sampler: whole.sampler,
    recipe: whole,
    compute: { micro_batch: null },
    start: null,
    metrics: {},
    ...rest,
  } as Schemas['Run'];
}

describe('differences', () => {
  it('names only the settings that differ', () => {
    const other = run({ model_settings: { batch_size: 32, loss: 'non_saturating' }, seed: 2 });
    expect(differences([run({}), other])).toEqual([
      { name: 'batch size', values: ['64', '32'] },
      { name: 'seed', values: ['1', '2'] },
    ]);
    expect(differences([run({}), run({})])).toEqual([]);
  });

  it('says of a setting that another model does not have that there is none', () => {
    const other = run({ model: 'gan', model_settings: { batch_size: 64 } });
    expect(differences([run({}), other])).toEqual([
      { name: 'model', values: ['dcgan', 'gan'] },
      { name: 'loss', values: ['non saturating', NOTHING] },
    ]);
  });

  it('tells budgets by class apart that have the same sum', () => {
    const one = run({ budget: { kind: 'counts', counts: { dot: 4, ring: 8 } } });
    const other = run({ budget: { kind: 'counts', counts: { dot: 8, ring: 4 } } });
    expect(differences([one, other])[0]?.values).toEqual([
      '12 images, set per class (dot 4, ring 8)',
      '12 images, set per class (dot 8, ring 4)',
    ]);
  });

  it('tells a setting of the sampler from one of the model that has its name', () => {
    const other = run({ sampler_settings: { batch_size: 8 } });
    expect(differences([run({}), other])).toEqual([{ name: 'batch size of the sampler', values: [NOTHING, '8'] }]);
  });
});

describe('metricsOf', () => {
  const measured = (values: Record<string, number | null>) =>
    run({}, { metrics: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value }])) } as Partial<
      Schemas['Run']
    >);

  it("names what one of them has a value of, the encoder's own first", () => {
    const one = measured({ 'inception/fid': 9, fid: null, tarr: null });
    const other = measured({ kid: 0.1, fid: 4, tarr: null });
    expect(metricsOf([one, other])).toEqual(['kid', 'fid', 'inception/fid']);
  });
});

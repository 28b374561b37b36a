import { expect, it } from 'vitest';
import { firstAttributeDraft, firstDraft, presetOf, without } from './draft';

const presets = [
  { name: 'share', title: '', summary: '', arms: ['none', 'balanced+random:1x@0.25'] },
  { name: 'train', title: '', summary: '', arms: ['none', 'random:1x'] },
];
const catalogue = {
  study: { schema: {}, presets, parts: {} },
  models: [{ name: 'acgan' }, { name: 'dcgan' }],
} as unknown as Parameters<typeof firstDraft>[0];
const run = { model: 'acgan', sampler: 'realism', origin: null, pool: 'p1', recipe: { model_settings: { width: 16 } } };

it('begins with the first preset', () => {
  const draft = firstDraft(catalogue);
  expect([draft.model, presetOf(presets, draft.arms)]).toEqual(['dcgan', 'share']);
});

it('begins with the model and the sampler of the run that asks', () => {
  const draft = firstDraft(catalogue, run);
  expect([draft.model, draft.model_settings]).toEqual(['acgan', { width: 16 }]);
  expect(draft.arms).toEqual(['none', 'balanced+random:1x@0.25', 'balanced+realism:1x@0.25']);
  expect(presetOf(presets, draft.arms)).toBeNull();
});

it('judges imported images as they are', () => {
  const origin = {} as NonNullable<Parameters<typeof firstDraft>[1]>['origin'];
  expect(firstDraft(catalogue, { ...run, origin }).pools).toEqual(['p1']);
  expect(firstDraft(catalogue, run).pools).toBeNull();
});

it('adds no arm for a sampler that is there already', () => {
  expect(firstDraft(catalogue, { ...run, sampler: 'random' }).arms).toEqual(presets[0]?.arms);
});

it('knows a preset in any order', () => {
  expect(presetOf(presets, ['random:1x', 'none'])).toBe('train');
});

it('begins a comparison of ways to edit with those of its usual ones that the service offers', () => {
  const arts = ['fader', 'stargan', 'stargan:condition_mode=diff'].map((line) => ({ line, title: '', summary: '' }));
  const draft = firstAttributeDraft({ arts });
  expect([draft.question, draft.arms]).toEqual(['attributes', ['stargan', 'stargan:condition_mode=diff']]);
});

it('leaves one setting out', () => {
  expect(without({ num_steps: 8, num_blocks: 3 }, 'num_blocks')).toEqual({ num_steps: 8 });
});

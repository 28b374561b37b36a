import { describe, expect, it } from 'vitest';
import type { Schemas } from '@/api/client';
import { changeInWords, changeLink, possible, sorted, stepBack, titleOf } from './health';

function judgement(part: Partial<Schemas['Judgement']>): Schemas['Judgement'] {
  return { code: 'collapse', message: 'm', since: 100, until: null, actions: [], ...part };
}

function change(setting: string, value: unknown): Schemas['HealthAction'] {
  return { kind: 'change', setting, value };
}

describe('what was judged', () => {
  it('is told with the newest first, and apart from what is over', () => {
    const { holding, over } = sorted([
      judgement({ since: 100 }),
      judgement({ since: 300, code: 'won' }),
      judgement({ since: 50, until: 200 }),
    ]);
    expect(holding.map((one) => one.since)).toEqual([300, 100]);
    expect(over.map((one) => one.since)).toEqual([50]);
  });

  it('has a name, also where the code is a later one', () => {
    expect(titleOf(judgement({}))).toBe('Collapse');
    expect(titleOf(judgement({ code: 'too_dark' }))).toBe('too dark');
  });
});

describe('what can be done', () => {
  const actions: Schemas['HealthAction'][] = [
    { kind: 'finish', setting: null, value: null },
    { kind: 'stop', setting: null, value: null },
    change('spectral_norm', true),
  ];

  it('is what the run still allows; a changed run can always be started', () => {
    expect(possible(actions, { actions: ['stop', 'cancel'] }).map(({ kind }) => kind)).toEqual(['stop', 'change']);
    expect(possible(actions, { actions: [] }).map(({ kind }) => kind)).toEqual(['change']);
  });

  it('is said as a person would', () => {
    expect(changeInWords(change('learning_rate_D', 0.0001))).toBe('learning rate D 0.0001');
    expect(changeInWords(change('spectral_norm', true))).toBe('spectral norm');
    expect(changeInWords(change('spectral_norm', false))).toBe('no spectral norm');
    expect(changeInWords(change('augmentation', 'colour,translation'))).toBe('augmentation colour, translation');
  });

  it('leads to the form with the change in its address', () => {
    const link = changeLink(change('augmentation', 'colour,translation'), { id: 'r', version: 'v' }, null);
    const search = new URLSearchParams(link.split('?')[1]);
    expect(search.getAll('set')).toEqual(['augmentation:colour,translation']);
    expect([search.get('version'), search.get('like'), search.get('start')]).toEqual(['v', 'r', null]);
  });

  it('goes back to the best checkpoint of a run that has ended, where the networks stay as they are', () => {
    const health = { step: 500, best_step: 300, judgements: [] };
    const slower = change('learning_rate_D', 0.0001);
    expect(stepBack(slower, { state: 'stopped', health }, {})).toBe(300);
    expect(stepBack(slower, { state: 'training', health }, {})).toBeNull();
    expect(stepBack(slower, { state: 'finished', health: { ...health, best_step: 500 } }, {})).toBeNull();
    expect(
      stepBack(change('spectral_norm', true), { state: 'stopped', health }, { spectral_norm: 'value' }),
    ).toBeNull();
    const search = new URLSearchParams(changeLink(slower, { id: 'r', version: 'v' }, 300).split('?')[1]);
    expect(['start', 'from', 'step'].map((name) => search.get(name))).toEqual(['continue', 'r', '300']);
  });
});

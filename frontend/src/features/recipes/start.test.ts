import { describe, expect, it } from 'vitest';
import { NEW_DRAFT } from './draft';
import { asked, fixedSettings, settingsSentence, stepOf, wayOf, withStart, type Start } from './start';

const RUN = { id: 'r', recipe: { seed: 3 }, children: [{ seed: 7 }, { seed: 5 }] } as unknown as Start['run'];
const DRAFT = { ...NEW_DRAFT, seed: 3, model_settings: { num_steps: 40 } };

describe('a start from a checkpoint', () => {
  it('suggests a seed that made no images from it yet', () => {
    expect(withStart(DRAFT, { run: RUN, way: 'generate', step: null, kept: [] })).toEqual({ ...DRAFT, seed: 8 });
  });

  it('suggests as many steps again to continue, and nothing else', () => {
    const longer = withStart(DRAFT, { run: RUN, way: 'continue', step: null, kept: [] });
    expect(longer).toEqual({ ...DRAFT, model_settings: { num_steps: 80 } });
    expect(withStart(DRAFT, { run: RUN, way: 'reuse', step: null, kept: [] })).toEqual(DRAFT);
  });

  it('leaves the step out where the best checkpoint is meant', () => {
    expect(asked({ run: RUN, way: 'reuse', step: null, kept: [] })).toEqual({ start: { run: 'r', way: 'reuse' } });
    expect(asked({ run: RUN, way: 'reuse', step: 0, kept: [] })).toEqual({
      start: { run: 'r', way: 'reuse', step: 0 },
    });
    expect(asked(null)).toEqual({});
  });

  it('fixes what the networks and, to continue, the packed images hang on', () => {
    const shaping = { resolution: 'value', width: 'value', class_head_weight: 'zero' };
    expect(fixedSettings('reuse', shaping)).toEqual(['resolution', 'width']);
    expect(fixedSettings('continue', shaping)).toEqual(['resolution', 'width', 'fit', 'channels']);
    expect(settingsSentence(['width', 'label_dim', 'fit'], { width: 8, fit: 'crop' })).toBe('width 8, fit crop');
  });

  it('means the newest checkpoint to continue, else the best, unless one is named', () => {
    const kept = [{ step: 20 }, { step: 40 }];
    expect(stepOf(null, 'continue', kept)).toBe(40);
    expect(stepOf(null, 'generate', kept)).toBeNull();
    expect(stepOf('20', 'continue', kept)).toBe(20);
    expect(stepOf('x', 'reuse', kept)).toBeNull();
  });

  it('takes none but the three ways', () => {
    expect(wayOf('reuse')).toBe('reuse');
    expect(wayOf('magic')).toBeNull();
  });
});

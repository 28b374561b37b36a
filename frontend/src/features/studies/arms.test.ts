import { describe, expect, it } from 'vitest';
import { armInWords, armOf, samplingTable } from './arms';

describe('an arm', () => {
  it('is written as the service reads it', () => {
    expect(armOf({ plain: [], synthetic: null })).toBe('none');
    expect(armOf({ plain: ['balanced'], synthetic: { sampler: 'random', amount: ' 1x ', percent: 25 } })).toBe(
      'balanced+random:1x@0.25',
    );
    expect(armOf({ plain: [], synthetic: { sampler: 'realism', amount: 'fill', percent: null } })).toBe('realism:fill');
  });

  it('is told in words', () => {
    expect(armInWords('none')).toBe('real images as they are');
    expect(armInWords('balanced+class_confidence:5x')).toBe('balanced + class confidence 5x');
    expect(armInWords('real_only_transforms+random:200@0.125')).toBe(
      'real only transforms + random 200, 12.5 % of each batch',
    );
    expect(armInWords('none+real@0.5')).toBe('real images as they are + 50 % of the real images');
  });
});

describe('the table of a sampling study', () => {
  it('has samplers as rows and amounts as columns, by size', () => {
    const arms = ['none', 'random:5x', 'random:1x', 'realism:1x', 'balanced+random:1x'];
    expect(samplingTable(arms)).toEqual({
      amounts: ['1x', '5x'],
      rows: [
        { sampler: 'random', arms: ['random:1x', 'random:5x'] },
        { sampler: 'realism', arms: ['realism:1x', null] },
      ],
    });
  });

  it('is none where the arms are of one amount or one sampler', () => {
    expect(samplingTable(['none', 'random:1x', 'realism:1x'])).toBeNull();
    expect(samplingTable(['none', 'random:1x', 'random:2x'])).toBeNull();
  });
});

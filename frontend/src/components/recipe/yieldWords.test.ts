import { describe, expect, it } from 'vitest';
import { yieldSentence, yieldWords } from './yieldWords';

const TOLD = { sampler: 'x', is_certain: false, num_selections: 3, told_from: 'Median and range.' };

describe('what a sampler would keep', () => {
  it('is told with its source, and unknown where it is unknown', () => {
    expect(yieldSentence({ ...TOLD, kept: 1500, least: 900, most: 2000 }, 8000)).toBe(
      'About 1,500 (900 to 2,000) of 8,000 candidates. Median and range.',
    );
    expect(yieldSentence({ ...TOLD, is_certain: true, kept: 5, least: 5, most: 5, told_from: 'By rule.' }, 20)).toBe(
      '5 of 20 candidates. By rule.',
    );
    expect(yieldSentence({ ...TOLD, kept: null, least: null, most: null, told_from: 'Unknown.' }, 20)).toBe('Unknown.');
  });

  it('fits on a card', () => {
    expect(yieldWords({ ...TOLD, kept: 1500, least: 900, most: 2000 }, 8000)).toBe('Keeps about 1,500 of 8,000');
    expect(yieldWords({ ...TOLD, is_certain: true, kept: 5, least: 5, most: 5 }, 20)).toBe('Keeps 5 of 20');
    expect(yieldWords({ ...TOLD, kept: null, least: null, most: null }, 20)).toBe('Yield not known yet');
  });
});

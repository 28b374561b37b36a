import { describe, expect, it } from 'vitest';
import { memoryWords, timeSentence, yieldSentence } from './outlookWords';

describe('what lies ahead', () => {
  it('is told with its source, and unknown where it is unknown', () => {
    expect(timeSentence({ duration_s: 125, duration_from: 'As measured on one run.' })).toBe(
      'It takes about 2 min. As measured on one run.',
    );
    expect(timeSentence({ duration_s: null, duration_from: 'Not known yet.' })).toBe('Not known yet.');
    const told = { sampler: 'x', is_certain: false, num_selections: 3, told_from: 'Median and range.' };
    expect(yieldSentence({ ...told, kept: 1500, least: 900, most: 2000 }, 8000)).toBe(
      'About 1,500 (900 to 2,000) of 8,000 candidates. Median and range.',
    );
    expect(yieldSentence({ ...told, is_certain: true, kept: 5, least: 5, most: 5, told_from: 'By rule.' }, 20)).toBe(
      '5 of 20 candidates. By rule.',
    );
    expect(yieldSentence({ ...told, kept: null, least: null, most: null, told_from: 'Unknown.' }, 20)).toBe('Unknown.');
  });

  it('says that memory does not fit', () => {
    const told = { needed_bytes: 2 ** 30, available_bytes: 2 ** 29, largest_batch_size: 8, sentence: '' };
    expect(memoryWords({ ...told, device: 'cpu', fits: false })).toBe('1.0 GiB of 512 MiB free: does not fit.');
    expect(memoryWords({ ...told, device: 'A GPU', fits: true })).toBe('1.0 GiB of 512 MiB free on A GPU.');
  });
});

import { describe, expect, it } from 'vitest';
import { memoryWords, timeSentence, timeWords } from './outlookWords';

describe('what lies ahead', () => {
  it('is told with its source, and unknown where it is unknown', () => {
    expect(timeSentence({ duration_s: 125, duration_from: 'As measured on one run.' })).toBe(
      'It takes about 2 min. As measured on one run.',
    );
    expect(timeSentence({ duration_s: null, duration_from: 'Not known yet.' })).toBe('Not known yet.');
    expect(timeWords({ duration_s: 125 })).toBe('About 2 min');
    expect(timeWords({ duration_s: null })).toBe('Time not known yet');
  });

  it('says that memory does not fit', () => {
    const told = { needed_bytes: 2 ** 30, available_bytes: 2 ** 29, largest_batch_size: 8, sentence: '' };
    expect(memoryWords({ ...told, device: 'cpu', fits: false })).toBe('1.0 GiB of 512 MiB free: does not fit.');
    expect(memoryWords({ ...told, device: 'A GPU', fits: true })).toBe('1.0 GiB of 512 MiB free on A GPU.');
  });
});

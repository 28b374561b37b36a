import { describe, expect, it } from 'vitest';
import { nextPlace } from './blind';
import { meaningOf } from './BlindResult';

describe('a blind test', () => {
  it('goes on at the first image without an answer', () => {
    expect(nextPlace({ num_images: 20, answered: {} })).toBe(0);
    expect(nextPlace({ num_images: 20, answered: { '0': 'real', '1': 'real', '3': 'synthetic' } })).toBe(2);
  });

  it('is read by its interval, not by the share alone', () => {
    expect(meaningOf({ low: 0.3, high: 0.7 })).toContain('nothing shows');
    expect(meaningOf({ low: 0.55, high: 0.9 })).toContain('above');
    expect(meaningOf({ low: 0.1, high: 0.4 })).toContain('below');
  });
});

import { describe, expect, it } from 'vitest';
import { Rate } from './rate';

describe('Rate', () => {
  it('says nothing before half a second has been seen', () => {
    const rate = new Rate();
    expect(rate.note(0, 0)).toBeNull();
    expect(rate.note(1000, 100)).toBeNull();
  });

  it('is bytes per second over the last seconds only', () => {
    const rate = new Rate();
    rate.note(0, 0);
    expect(rate.note(2_000, 1_000)).toBe(2_000);
    rate.note(10_000, 20_000);
    expect(rate.note(30_000, 21_000)).toBe(20_000);
  });

  it('begins anew when sending went back', () => {
    const rate = new Rate();
    rate.note(0, 0);
    rate.note(9_000, 1_000);
    expect(rate.note(4_000, 1_200)).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { nearOf } from './near';

describe('nearOf', () => {
  it('says nothing where there is nothing', () => {
    expect(nearOf(null)).toBe('');
    expect(nearOf({ groups: 0, images: 0, left_out: 0 })).toBe('');
  });

  it('counts groups, their images, and what was left out', () => {
    expect(nearOf({ groups: 2, images: 5, left_out: 1 })).toBe(
      '5 images in 2 groups are near duplicates; each group lies in one split. 1 image was left out, because a near duplicate is held out.',
    );
  });
});

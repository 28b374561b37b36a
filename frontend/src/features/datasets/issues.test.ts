import { describe, expect, it } from 'vitest';
import type { Schemas } from '@/api/client';
import { issuesOf, remarksOf } from './issues';

const version = (part: Partial<Schemas['DatasetVersion']>) => part as Schemas['DatasetVersion'];
const health = { measured: 10, issues: { dark: 2, blurry: 3 }, usual: ['grayscale'], leaks: 0 };

describe('issues of a version', () => {
  it('stand with the most frequent first, near duplicates among them', () => {
    const near = { groups: 2, images: 5, left_out: 0 };
    expect(issuesOf(version({ health, near_duplicates: near }))).toEqual([
      { issue: 'near_duplicates', images: 5 },
      { issue: 'blurry', images: 3 },
      { issue: 'dark', images: 2 },
    ]);
    expect(issuesOf(version({ health: null, near_duplicates: null }))).toEqual([]);
  });

  it('are told with leaks, with what is usual, and with what was not measured', () => {
    expect(remarksOf(version({ health, num_images: 12 }))).toEqual([
      'No leaks: no image has a copy or near duplicate in another split.',
      'How most of these images are, and so no issue: grayscale.',
      '2 images were not measured.',
    ]);
    expect(remarksOf(version({ health: null }))[0]).toContain('not measured');
  });
});

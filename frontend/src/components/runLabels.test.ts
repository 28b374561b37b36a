import { expect, it } from 'vitest';
import { runLabels } from './runLabels';

const RUN = { id: 'a', name: '', model: 'dcgan', dataset_name: 'Shapes', sampler: 'class_confidence' };
const at = (time: string) => ({ created_at: `2026-11-22T${time}Z` });

it('tells runs of one minute apart by sampler, recipe and, where those are the same, by the second', () => {
  const labels = runLabels([
    { ...RUN, ...at('09:00:05'), recipe_number: 1 },
    { ...RUN, ...at('09:00:07'), id: 'b', recipe_number: 2, sampler: 'random' },
    { ...RUN, ...at('09:00:11'), id: 'c', recipe_number: 1 },
    { ...RUN, ...at('10:00:00'), id: 'd', recipe_number: 1, name: 'Longer' },
  ]);
  expect(new Set(labels.values()).size).toBe(4);
  expect(labels.get('a')).toMatch(/^dcgan on Shapes, class confidence, recipe 1, .*:00:05/);
  expect(labels.get('b')).toMatch(/^dcgan on Shapes, random, recipe 2, /);
  expect(labels.get('b')).not.toContain(':07');
  expect(labels.get('d')).toMatch(/^Longer, dcgan, class confidence, recipe 1, /);
});

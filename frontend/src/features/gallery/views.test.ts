import { expect, test } from 'vitest';
import { nextShowing, SHOWINGS } from './views';

test('one key leads through all ways and back to the first', () => {
  const seen = [SHOWINGS[0].name];
  for (let turn = 0; turn < SHOWINGS.length; turn += 1) seen.push(nextShowing(seen.at(-1) ?? 'beside') as 'beside');
  expect(seen).toEqual(['beside', 'slider', 'difference', 'beside']);
});

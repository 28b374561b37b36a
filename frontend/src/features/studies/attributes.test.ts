import { expect, it } from 'vitest';
import { artTitle, csvOf, marks, meanOf, ranked, shortened } from './attributes';

const spread = (mean: number | null, reach: number | null = 0.05) => ({
  mean,
  low: mean === null || reach === null ? null : mean - reach,
  high: mean === null || reach === null ? null : mean + reach,
});

const art = (name: string, mean: number | null, reach: number | null = 0.05) => ({
  name,
  num_seeds: 2,
  by_attribute: [spread(mean, reach), spread(null)],
  average: spread(mean, reach),
  identity: spread(0.25, null),
  reconstruction: spread(0.5, null),
});

const whole = { best: null, sentence: 'Not told apart.' };

it('puts the highest average first, and what was not measured last', () => {
  const names = ranked([art('a', 0.2), art('b', null), art('c', 0.9)]).map(({ name }) => name);
  expect(names).toEqual(['c', 'a', 'b']);
});

it('marks the best one alone where it is declared', () => {
  const arts = [art('a', 0.5), art('b', 0.9)];
  expect([...marks({ arts, best: 'b', sentence: 'b is best.' })]).toEqual([['b', 'best']]);
});

it('marks all whose intervals reach the first where none is declared', () => {
  const found = marks({ arts: [art('a', 0.5), art('b', 0.9), art('c', 0.82)], ...whole });
  expect([...found.entries()]).toEqual([
    ['b', 'not told apart'],
    ['c', 'not told apart'],
  ]);
});

it('marks none while trainings are missing, and none where one seed says nothing', () => {
  expect(marks({ arts: [art('a', 0.5), art('b', 0.5)], best: null, sentence: '' }).size).toBe(0);
  expect(marks({ arts: [art('a', 0.5, null), art('b', 0.5, null)], ...whole }).size).toBe(0);
  expect(marks({ arts: [art('a', 0.5)], ...whole }).size).toBe(0);
});

it('takes the mean of what is known', () => {
  expect(meanOf([0.5, null, 1])).toBe(0.75);
  expect(meanOf([null])).toBeNull();
});

it('calls a published art by its title', () => {
  const published = [{ line: 'fader', title: 'Fader Networks', summary: '' }];
  expect([artTitle('fader', published), artTitle('fader:z=1', published)]).toEqual(['Fader Networks', 'fader:z=1']);
});

it('shortens what is long, such as an art with a matrix', () => {
  expect(shortened('fader')).toBe('fader');
  expect(artTitle(`stargan:edited_edges=${'[1,0],'.repeat(400)}`, [])).toMatch(/^stargan:.{71}…$/);
});

it('writes a line for the classifier and one for each art, with empty cells for what was not measured', () => {
  const table = csvOf({ names: ['red, dark', '=large'], classifier: [0.75, null], arts: [art('gcn:a=1,b=2', 0.5)] });
  const [head, real, row, rest] = table.split('\r\n');
  expect(head).toMatch(/^art,seeds,"red, dark","red, dark low","red, dark high","'=large",/);
  expect(real).toBe('classifier on real images,,0.75,,,,,,0.75,,,,,,,,');
  expect(row).toBe('"gcn:a=1,b=2",2,0.5,0.45,0.55,,,,0.5,0.45,0.55,0.25,,,0.5,,');
  expect(rest).toBe('');
  const widths = [head?.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/), real?.split(',')].map((cells) => cells?.length);
  expect(widths).toEqual([17, 17]);
});

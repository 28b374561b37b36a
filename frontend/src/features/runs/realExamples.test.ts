import { describe, expect, it } from 'vitest';
import { columnsOfClasses, underColumns } from './realExamples';

const COLUMNS = ['bar', 'dot', 'bar', 'dot', 'bar'].map((name) => ({ class: name }));

describe('real examples', () => {
  it('asks for as many images of a class as columns show it', () => {
    expect([...columnsOfClasses(COLUMNS)]).toEqual([
      ['bar', 3],
      ['dot', 2],
    ]);
  });

  it('puts an image of its class above each column, none twice, and nothing where there are too few', () => {
    const images: Record<string, string[]> = { bar: ['b1', 'b2'], dot: ['d1', 'd2', 'd3'] };
    expect(underColumns(COLUMNS, (name) => images[name] ?? [])).toEqual(['b1', 'd1', 'b2', 'd2', null]);
  });
});

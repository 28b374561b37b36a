import { describe, expect, it } from 'vitest';
import { inWords, NO_FILTERS, queryOf, readFilters, writeFilters, type Filters } from './filters';

const SOME: Filters = {
  label: 'a&b',
  split: 'val',
  issue: 'dark',
  attribute: 'Hat:0',
  brightness: [0, 16],
  side: [28, 29],
};

describe('filters', () => {
  it('come back from the address as they were, and leave alone what is none', () => {
    const address = writeFilters(new URLSearchParams('tab=report&split=train'), SOME);
    expect(address.get('tab')).toBe('report');
    expect(readFilters(new URLSearchParams(address.toString()))).toEqual(SOME);
    expect(writeFilters(address, NO_FILTERS).toString()).toBe('tab=report');
  });

  it('take nothing from an address that says nonsense', () => {
    const address = new URLSearchParams('split=all&issue=loud&brightness=9-3&side=x-1');
    expect(readFilters(address)).toEqual(NO_FILTERS);
  });

  it('are asked as the service takes them, and said in words', () => {
    expect(queryOf(NO_FILTERS)).toEqual({});
    expect(queryOf(SOME)).toEqual({
      label: 'a&b',
      split: 'val',
      issue: 'dark',
      attribute: 'Hat:0',
      brightness_from: 0,
      brightness_to: 16,
      side_from: 28,
      side_to: 29,
    });
    expect(inWords(SOME).map(({ text }) => text)).toEqual([
      'dark',
      'lacks Hat',
      'brightness 0 to 15',
      'longer side 28 pixels',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { countChanged, DEFAULT_FILTERS, readFilters, writeFilters, type Filters } from './filters';

describe('filters in the address', () => {
  it('come back as they were written', () => {
    const filters: Filters = {
      selection: 'a1',
      label: 'ankle boot',
      standing: 'rejected',
      kept: null,
      memorised: true,
      sort: '-score:class_confidence',
    };
    expect(readFilters(writeFilters(new URLSearchParams(), filters))).toEqual(filters);
  });

  it('leave nothing in the address when they are as usual', () => {
    expect(writeFilters(new URLSearchParams('label=3'), DEFAULT_FILTERS).toString()).toBe('');
    expect(readFilters(new URLSearchParams())).toEqual(DEFAULT_FILTERS);
  });

  it('keep other parameters, and pass over nonsense', () => {
    expect(writeFilters(new URLSearchParams('sample=7'), { ...DEFAULT_FILTERS, label: '2' }).toString()).toBe(
      'sample=7&label=2',
    );
    expect(readFilters(new URLSearchParams('standing=best&sort=;drop&kept=maybe'))).toEqual(DEFAULT_FILTERS);
  });

  it('are counted when they differ', () => {
    expect(countChanged(DEFAULT_FILTERS)).toBe(0);
    expect(countChanged({ ...DEFAULT_FILTERS, kept: false, label: '1' })).toBe(2);
  });
});

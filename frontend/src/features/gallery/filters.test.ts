import { describe, expect, it } from 'vitest';
import { countChanged, DEFAULT_FILTERS, readFilters, totalOf, writeFilters, type Filters } from './filters';

describe('filters in the address', () => {
  it('come back as they were written', () => {
    const filters: Filters = {
      selection: 'a1',
      label: 'ankle boot',
      standing: 'rejected',
      kept: null,
      memorised: true,
      disputed: true,
      rating: 'from4',
      starred: true,
      sort: '-score:class_confidence',
      low: -0.5,
      high: 0,
      at: 40,
      area: 'pca:0.0.500.0.500.500',
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
    expect(
      readFilters(new URLSearchParams('standing=best&sort=;drop&kept=maybe&low=&at=900&rating=9&starred=so&area=5')),
    ).toEqual(DEFAULT_FILTERS);
  });

  it('are counted when they differ', () => {
    expect(countChanged(DEFAULT_FILTERS)).toBe(0);
    expect(countChanged({ ...DEFAULT_FILTERS, kept: false, label: '1' })).toBe(2);
  });
});

describe('how many samples match', () => {
  const pool = { num_samples: 30, class_counts: { bar: 18, dot: 12 } };
  const yields = { bar: { kept: 4 }, dot: { kept: 5 } };

  it('is told by the counters of the pool and of the selection', () => {
    expect(totalOf({ ...DEFAULT_FILTERS, kept: null }, pool, yields)).toBe(30);
    expect(totalOf({ ...DEFAULT_FILTERS, kept: null, label: 'dot' }, pool, yields)).toBe(12);
    expect(totalOf(DEFAULT_FILTERS, pool, yields)).toBe(9);
    expect(totalOf({ ...DEFAULT_FILTERS, kept: false, label: 'bar' }, pool, yields)).toBe(14);
  });

  it('is not known by verdict, by memorisation, and before a selection is made', () => {
    expect(totalOf({ ...DEFAULT_FILTERS, standing: 'accepted' }, pool, yields)).toBeNull();
    expect(totalOf({ ...DEFAULT_FILTERS, memorised: true }, pool, yields)).toBeNull();
    expect(totalOf(DEFAULT_FILTERS, pool, {})).toBeNull();
    expect(totalOf({ ...DEFAULT_FILTERS, low: 0 }, pool, yields)).toBeNull();
    expect(totalOf({ ...DEFAULT_FILTERS, at: 50 }, pool, yields)).toBeNull();
    expect(totalOf({ ...DEFAULT_FILTERS, rating: 'rated' }, pool, yields)).toBeNull();
    expect(totalOf({ ...DEFAULT_FILTERS, starred: true }, pool, yields)).toBeNull();
    expect(totalOf({ ...DEFAULT_FILTERS, sort: '-rating' }, pool, yields)).toBeNull();
  });
});

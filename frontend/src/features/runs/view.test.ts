import { describe, expect, it } from 'vitest';
import { comparisonOf, MOST_RUNS, readView, writeView } from './view';

const id = (digit: number) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;

describe('the view in the address', () => {
  it('is read again as it was written, and leaves other parameters alone', () => {
    const view = { runs: [id(1), id(2)], steps: [100, 400] as const };
    const search = writeView(new URLSearchParams('tab=x'), view);
    expect(readView(search)).toEqual(view);
    expect(search.get('tab')).toBe('x');
    expect(writeView(search, { runs: [], steps: null }).toString()).toBe('tab=x');
  });

  it('takes each run once, never the run of the page itself, and nothing that is no id', () => {
    const search = new URLSearchParams({ with: [id(1), 'nonsense', id(2), id(1), id(3)].join(',') });
    expect(readView(search, id(3)).runs).toEqual([id(1), id(2)]);
  });

  it('takes no more runs than one chart can tell apart', () => {
    const ids = [1, 2, 3, 4, 5, 6, 7].map(id);
    const search = new URLSearchParams(comparisonOf(ids).split('?')[1]);
    expect(readView(search).runs).toHaveLength(MOST_RUNS);
    expect(readView(search, id(9)).runs).toHaveLength(MOST_RUNS - 1);
  });

  it('shows all steps where the address names none that rise', () => {
    for (const steps of ['', '400-100', '7-7', 'a-b', '1-2-3'])
      expect(readView(new URLSearchParams({ steps })).steps).toBeNull();
  });
});

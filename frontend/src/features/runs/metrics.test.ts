import { describe, expect, it } from 'vitest';
import { bySpace, type Measured } from './metrics';

const measured = (space: string): Measured => ({
  value: 1,
  low: null,
  high: null,
  num_real: 1,
  num_synthetic: 1,
  parts: {},
  per_class: {},
  details: { space },
  caution: '',
});

describe('bySpace', () => {
  it('puts what was measured with the same features together, the own encoder first', () => {
    const metrics = {
      'inception/fid': measured('Inception'),
      fid: measured('in-domain encoder'),
      'inception/kid': measured('Inception'),
      tarr: measured('in-domain encoder'),
    };
    expect(bySpace(metrics).map(({ space, rows }) => [space, rows.map((row) => row.name)])).toEqual([
      ['the in-domain encoder', ['fid', 'tarr']],
      ['Inception', ['fid', 'kid']],
    ]);
  });

  it('has nothing to say of no metrics', () => {
    expect(bySpace({})).toEqual([]);
  });
});

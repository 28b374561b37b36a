import { describe, expect, it } from 'vitest';
import { ACT_NAMES, clashOf, keysOf, withKey } from './keys';

describe('the keys of the gallery', () => {
  it('are each of one act alone', () => {
    const all = ACT_NAMES.flatMap((act) => keysOf(act, {}));
    expect(new Set(all).size).toBe(all.length);
  });

  it('are the own one in place of the usual ones', () => {
    expect(keysOf('accept', {})).toEqual(['a', 'p']);
    expect(keysOf('accept', { accept: 'y' })).toEqual(['y']);
    expect(keysOf('reject', { accept: 'y' })).toEqual(['x']);
  });

  it('are refused where another act has them, whether by default or by choice', () => {
    expect(clashOf('accept', 'x', {})).toContain('Reject');
    expect(clashOf('accept', '3', {})).toContain('Rate');
    expect(clashOf('accept', 'y', { reject: 'y' })).toContain('Reject');
    expect(clashOf('accept', 'x', { reject: 'y' })).toBeNull();
    expect(clashOf('accept', 'p', {})).toBeNull();
    expect(clashOf('accept', 'mod+w', {})).toContain('browser');
    expect(clashOf('accept', 'Shift', {})).toContain('browser');
  });

  it('are kept only where they differ, and never fixed ones', () => {
    expect(withKey('reject', 'y', {})).toEqual({ reject: 'y' });
    expect(withKey('reject', 'x', { reject: 'y', accept: 'q' })).toEqual({ accept: 'q' });
    expect(keysOf('back', { back: 'b' })).toEqual(['Escape']);
  });

  it('leave no key with two acts, whatever the server has kept', () => {
    expect(keysOf('reject', { accept: 'x' })).toEqual([]);
  });
});

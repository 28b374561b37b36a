import { describe, expect, it } from 'vitest';
import { ago, bytes, coarse, duration, measured, plural } from './format';

describe('format', () => {
  it('gives sizes in the largest unit that keeps them above one', () => {
    expect(bytes(0)).toBe('0 B');
    expect(bytes(1023)).toBe('1023 B');
    expect(bytes(1536)).toBe('1.5 KiB');
    expect(bytes(200 * 2 ** 30)).toBe('200 GiB');
  });

  it('gives times in the two largest units and leaves out a zero', () => {
    expect(duration(59.4)).toBe('59 s');
    expect(duration(200)).toBe('3 min 20 s');
    expect(duration(7200)).toBe('2 h');
    expect(duration(97_500)).toBe('1 d 3 h');
    expect(duration(-3)).toBe('0 s');
  });

  it('keeps four digits of a measured value, however small or large', () => {
    expect(measured(0.0123456)).toBe('0.01235');
    expect(measured(0.00000012)).toBe('1.20e-7');
    expect(measured(Number.NaN)).toBe('–');
  });

  it('counts one thing in the singular', () => {
    expect(plural(1, 'image')).toBe('1 image');
    expect(plural(1200, 'class', 'classes')).toBe('1,200 classes');
  });

  it('says how long ago something was', () => {
    const now = Date.parse('2026-11-21T12:00:00Z');
    expect(ago('2026-11-21T11:59:30Z', now)).toBe('just now');
    expect(ago('2026-11-21T11:00:00Z', now)).toBe('1 h ago');
  });

  it('rounds an estimate to as many digits as it is worth', () => {
    expect([3, 44, 95, 700, 5000, 100_000].map(coarse)).toEqual([10, 40, 90, 720, 4800, 100_200]);
  });
});

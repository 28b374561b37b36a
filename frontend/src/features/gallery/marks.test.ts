import { describe, expect, it } from 'vitest';
import { everything, extended, inverted, NO_MARKS, toggled } from './marks';

const ORDER = [11, 12, 13, 14, 15];

describe('marks', () => {
  it('toggle one by one', () => {
    const one = toggled(NO_MARKS, 1, ORDER);
    expect([...one.ids]).toEqual([12]);
    expect([...toggled(one, 1, ORDER).ids]).toEqual([]);
  });

  it('extend over a range in both directions from the last one toggled', () => {
    const one = toggled(NO_MARKS, 2, ORDER);
    expect([...extended(one, 4, ORDER).ids]).toEqual([13, 14, 15]);
    expect([...extended(one, 0, ORDER).ids].sort()).toEqual([11, 12, 13]);
  });

  it('keep what was marked before a range', () => {
    const two = toggled(toggled(NO_MARKS, 0, ORDER), 3, ORDER);
    expect([...extended(two, 4, ORDER).ids]).toEqual([11, 14, 15]);
  });

  it('are turned round', () => {
    const two = toggled(toggled(NO_MARKS, 0, ORDER), 3, ORDER);
    expect([...inverted(two, ORDER).ids]).toEqual([12, 13, 15]);
    expect([...inverted(NO_MARKS, ORDER).ids]).toEqual(ORDER);
  });

  it('mean everything only until one mark is changed', () => {
    const whole = everything(ORDER);
    expect(whole.everything).toBe(true);
    expect([...whole.ids]).toEqual(ORDER);
    for (const changed of [toggled(whole, 2, ORDER), extended(whole, 2, ORDER), inverted(whole, ORDER)])
      expect(changed.everything).toBe(false);
  });
});

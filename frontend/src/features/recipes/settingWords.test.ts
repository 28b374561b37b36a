import { describe, expect, it } from 'vitest';
import { readFields } from '@/components/SettingsForm/fields';
import { defaultOf, mayBe } from './settingWords';

const fields = readFields({
  properties: {
    steps: { type: 'integer', minimum: 1, maximum: 10000, default: 1000 },
    rate: { type: 'number', exclusiveMinimum: 0, default: 0.0002 },
    loss: { enum: ['hinge', 'colour,translation'], default: 'hinge' },
    norm: { type: 'boolean', default: false },
    part: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null },
  },
});

describe('the words of a setting', () => {
  it('say which values it may have', () => {
    expect(fields.map(mayBe)).toEqual([
      '1 to 10,000',
      'Above 0',
      'hinge | colour,translation',
      'On or off',
      'Any whole number, or empty',
    ]);
  });

  it('say what it is by default, small numbers in full', () => {
    expect(fields.map(defaultOf)).toEqual(['1,000', '0.0002', 'hinge', 'off', 'empty']);
  });
});

import { describe, expect, it } from 'vitest';
import { awaited, boundsOf, faultOf, isChanged, readFields, withValue, type Field, type NumberField } from './fields';

const SCHEMA = {
  $defs: { Loss: { enum: ['hinge', 'wgan_gp'], title: 'Loss', type: 'string' } },
  properties: {
    resolution: {
      type: 'integer',
      minimum: 16,
      maximum: 256,
      default: 32,
      title: 'Resolution',
      description: 'Side.',
      'x-simple': true,
    },
    lr_D: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.0002, title: 'Lr D', description: 'Rate.' },
    loss: { $ref: '#/$defs/Loss', default: 'hinge', description: 'Which loss.' },
    fit: { enum: ['crop', 'pad'], type: 'string', default: 'crop', title: 'Fit', description: 'How.' },
    balanced: { type: 'boolean', default: true, title: 'Balanced', description: 'Draw.' },
    limit: {
      anyOf: [{ type: 'number', minimum: 0 }, { type: 'null' }],
      default: null,
      title: 'Limit',
      description: 'Most.',
    },
    domain: { type: 'string', maxLength: 200, default: '', description: 'Which.', 'x-choice': 'classes' },
    margins: {
      type: 'string',
      default: '',
      description: 'How far.',
      'x-choice': 'attribute_matrix',
      'x-only-with': { loss: ['hinge'], fit: ['crop', 'pad'] },
    },
    betas: { type: 'array', items: { type: 'number' }, default: [0.5, 0.999], title: 'Betas', description: 'Adam.' },
  },
};

function field(name: string): Field {
  const found = readFields(SCHEMA).find((one) => one.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

describe('readFields', () => {
  it('keeps the order of the settings class and gives each its control', () => {
    expect(readFields(SCHEMA).map(({ name, kind }) => `${name}:${kind}`)).toEqual([
      'resolution:integer',
      'lr_D:number',
      'loss:choice',
      'fit:choice',
      'balanced:switch',
      'limit:number',
      'domain:class',
      'margins:matrix',
      'betas:json',
    ]);
  });

  it('reads bounds, open bounds and empty values', () => {
    expect(boundsOf(field('resolution') as NumberField)).toBe('16 to 256');
    expect(boundsOf({ ...field('resolution'), maximum: 10_000_000 } as NumberField)).toBe('16 to 10,000,000');
    expect(boundsOf(field('lr_D') as NumberField)).toBe('above 0 to 1');
    expect(field('limit')).toMatchObject({ optional: true, minimum: 0, initial: null });
    expect(field('resolution')).toMatchObject({ optional: false, simple: true });
  });

  it('writes titles as sentences and keeps capitals of network names', () => {
    expect(field('lr_D').title).toBe('Lr D');
    expect(field('balanced').title).toBe('Balanced');
  });

  it('follows a reference to a definition', () => {
    expect(field('loss')).toMatchObject({ choices: ['hinge', 'wgan_gp'], initial: 'hinge', help: 'Which loss.' });
  });
});

describe('values', () => {
  it('says what else has to be chosen before a setting has an effect', () => {
    const fields = readFields(SCHEMA);
    expect(awaited(field('margins'), fields, {})).toEqual([]);
    expect(awaited(field('margins'), fields, { loss: 'wgan_gp', fit: 'pad' })).toEqual(['Loss hinge']);
    expect(awaited(field('margins'), fields, { loss: 'wgan_gp', fit: 'fill' })).toEqual([
      'Loss hinge',
      'Fit crop or pad',
    ]);
    expect(awaited(field('fit'), fields, {})).toEqual([]);
  });

  it('leaves out what equals the default, so that only choices of the person are sent', () => {
    const resolution = field('resolution');
    const changed = withValue(resolution, {}, 64);
    expect(changed).toEqual({ resolution: 64 });
    expect(isChanged(resolution, changed)).toBe(true);
    expect(withValue(resolution, changed, 32)).toEqual({});
  });

  it('names what is wrong with a number', () => {
    expect(faultOf(field('resolution'), 8)).toBe('Give a number 16 to 256.');
    expect(faultOf(field('resolution'), 32.5)).toBe('Give a whole number.');
    expect(faultOf(field('lr_D'), 0)).toBe('Give a number above 0 to 1.');
    expect(faultOf(field('limit'), null)).toBeNull();
    expect(faultOf(field('resolution'), '')).toBe('Give a number.');
  });
});

import { expect, test } from 'vitest';
import { attributeInWords, filterOf, partsOf, saidOf } from './attributes';

test('signs stand for the attributes in their order', () => {
  expect(saidOf(['Male', 'Hat', 'Beard'], '1?0')).toEqual({ '1': ['Male'], '0': ['Beard'], '?': ['Hat'] });
  expect(saidOf(['Male'], '')).toEqual({ '1': [], '0': [], '?': [] });
});

test('a filter is an attribute, whatever its name holds, and a sign', () => {
  expect(partsOf(filterOf('Hat: Red', '?'))).toEqual({ name: 'Hat: Red', sign: '?' });
  expect(partsOf('Hat')).toBeNull();
  expect(partsOf('Hat:2')).toBeNull();
  expect(partsOf(null)).toBeNull();
});

test('a filter is said in words', () => {
  expect(['Hat:1', 'Hat:0', 'Hat:?'].map(attributeInWords)).toEqual(['has Hat', 'lacks Hat', 'Hat not said']);
});

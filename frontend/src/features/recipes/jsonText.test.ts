import { describe, expect, it } from 'vitest';
import { JsonFault, readJson } from './jsonText';

/** "line: sentence" of what is wrong with a text. */
function faultOf(text: string): string {
  try {
    readJson(text);
  } catch (error) {
    if (error instanceof JsonFault) return `${error.line}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('JSON text', () => {
  it.each(['null', '-1.5e3', '"a \\u00e9 \\" b"', '[]', '{}', '[1, [2, {"a": [true, false]}]]', '{"a":{"b":[{}]}}'])(
    'is read as JSON.parse reads it: %s',
    (text) => {
      expect(readJson(text).value).toEqual(JSON.parse(text));
    },
  );

  it('knows the line of every part', () => {
    const { lines } = readJson('{\n  "a": {\n    "b": 1,\n    "c":\n      [5,\n 6]\n  }\n}');
    expect(Object.fromEntries(lines)).toEqual({ '': 1, a: 2, 'a.b': 3, 'a.c': 4, 'a.c.0': 5, 'a.c.1': 6 });
  });

  it.each([
    ['{\n  "a": 1\n  "b": 2\n}', '2: Expected , or } here; found "b" next.'],
    ['{\n  "a": 1,\n}', '3: Found }, expected a name'],
    ['{\n  "a": ,\n}', '2: Found ,, expected a value.'],
    ['{\n  "a": "open\n}', '2: A text begins here'],
    ["{\n  'a': 1}", "2: Found 'a', which is no JSON"],
    ['{"a": 1,\n\n "a": 2}', '3: “a” stands here a second time'],
    ['{"a": [1, 2}', '1: Expected , or ] here; found } next.'],
    ['{"a": 1}\n{', '2: Found { after the end'],
    ['', '1: Found the end, expected a value.'],
    ['{"a": "\\x"}', '1: Found "\\x", which is no JSON.'],
    ['{"a": 01}', '1: Found 01, which is no JSON.'],
  ])('names the line of a fault: %s', (text, expected) => {
    expect(faultOf(text)).toContain(expected);
  });

  it('reads a name that objects have by themselves like any other', () => {
    expect(Object.keys(readJson('{"__proto__": 1, "constructor": 2}').value as object)).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});

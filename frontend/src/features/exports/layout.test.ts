import { expect, it } from 'vitest';
import { linesOf, together } from './layout';

const counts = { train: { cat: 5, ant: 2, bee: 1 }, test: { ant: 4 } };
const ROOT = ['README.md', 'manifest.jsonl', 'provenance.json', 'SHA256SUMS'];

function told(layout: string[], most = 9): string[] {
  return linesOf(layout, counts, most).map(
    ({ depth, name, images }) => `${' '.repeat(depth)}${name}${images === null ? '' : ` ${images}`}`,
  );
}

it('puts class folders into split folders, and other files beside them', () => {
  expect(told(['{split}/{class}/*', '{split}/metadata.jsonl'])).toEqual([
    'train/',
    ' ant/ 2',
    ' bee/ 1',
    ' cat/ 5',
    ' metadata.jsonl',
    'test/',
    ' ant/ 4',
    ' metadata.jsonl',
    ...ROOT,
  ]);
});

it('sums up the classes that are too many to be named', () => {
  expect(told(['{split}/{class}/*'], 1)).toEqual([
    'train/',
    ' ant/ 2',
    ' 2 more classes 6',
    'test/',
    ' ant/ 4',
    ...ROOT,
  ]);
});

it('counts the images of shards by split, and of one folder together', () => {
  expect(told(['{split}-*.tar'])).toEqual(['train-*.tar 8', 'test-*.tar 4', ...ROOT]);
  expect(told(['*/img*.png', 'dataset.json'])).toEqual(['*/img*.png 12', 'dataset.json', ...ROOT]);
});

it('adds synthetic images to the training split only, and leaves out splits that the layout has no place for', () => {
  expect(together({ train: { ant: 1 }, val: { ant: 3 } }, { ant: 2, bee: 4 }, ['train'])).toEqual({
    train: { ant: 3, bee: 4 },
  });
  expect(together({}, { ant: 2 }, ['train', 'val'])).toEqual({ train: { ant: 2 } });
});

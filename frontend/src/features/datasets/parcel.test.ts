import { describe, expect, it } from 'vitest';
import { inWords, parcelsOf, type Limits } from './parcel';

const LIMITS: Limits = {
  max_bytes: 10_000,
  max_open: 10,
  kept_hours: 72,
  max_files: 4,
  max_image_bytes: 100,
  min_side: 8,
  max_side: 8192,
  image_endings: ['jpg', 'png'],
  label_files: ['labels.csv'],
  litter: ['thumbs.db', '__macosx'],
};

const dropped = (path: string, text = 'x') =>
  Object.assign(new File([text], path.split('/').at(-1) ?? '', { lastModified: 5 }), { path: `/${path}` });

async function folder(...files: File[]) {
  const { parcels, refusals } = await parcelsOf(files, LIMITS);
  expect(refusals).toEqual([]);
  const [parcel] = parcels;
  if (parcel === undefined || parcels.length > 1) throw new Error('one parcel was expected');
  return parcel;
}

describe('parcelsOf', () => {
  it('leaves each archive as it is', async () => {
    const { parcels } = await parcelsOf([new File(['abc'], 'Pets.TAR.GZ'), new File(['abcd'], 'more.zip')], LIMITS);
    expect(parcels.map(({ name, size, files }) => [name, size, files])).toEqual([
      ['Pets.TAR.GZ', 3, 1],
      ['more.zip', 4, 1],
    ]);
  });

  it('packs a folder under its name', async () => {
    const parcel = await folder(dropped('pets/cat/a.png'), dropped('pets/dog/b.png'));
    expect([parcel.name, parcel.size, parcel.files]).toEqual(['pets.tar', 4 * 512 + 1024, 2]);
  });

  it('packs several files and folders together', async () => {
    expect((await folder(dropped('cat/a.png'), dropped('dog/b.png'))).name).toBe('images.tar');
    expect((await folder(dropped('a.png'), dropped('b.png'))).name).toBe('images.tar');
  });

  it('knows a folder again, whatever the order of its files', async () => {
    const files = [dropped('pets/cat/a.png'), dropped('pets/dog/b.png')];
    expect((await folder(...files.toReversed())).mark).toBe((await folder(...files)).mark);
    const changed = await folder(dropped('pets/cat/a.png', 'xy'), dropped('pets/dog/b.png'));
    expect(changed.mark).not.toBe((await folder(...files)).mark);
  });

  it('sends of a folder what is read, and says of the rest why not', async () => {
    const parcel = await folder(
      dropped('pets/cat/a.PNG'),
      dropped('pets/labels.csv'),
      dropped('pets/.DS_Store'),
      dropped('pets/Thumbs.db'),
      dropped('pets/notes.txt'),
      dropped('pets/more.zip'),
      dropped('pets/huge.png', 'x'.repeat(101)),
    );
    expect(parcel.files).toBe(2);
    expect(parcel.left.map(({ count, isLitter }) => [count, isLitter])).toEqual([
      [2, true],
      [1, false],
      [1, false],
      [1, false],
    ]);
    expect(inWords(parcel.left.slice(1, 2))).toBe('1 file: no image by the name (pets/notes.txt).');
  });

  it('is no other folder because of litter', async () => {
    const plain = await folder(dropped('pets/cat/a.png'), dropped('pets/b.png'));
    const opened = await folder(dropped('pets/cat/a.png'), dropped('pets/b.png'), dropped('pets/.DS_Store'));
    expect(opened.mark).toBe(plain.mark);
  });

  it.each([
    ['nothing', [], 'Drop a folder'],
    ['a lone image', [new File(['x'], 'a.png')], 'One image alone'],
    ['files that are no images', [dropped('papers/a.pdf'), dropped('papers/b.pdf')], '2 files: no image by the name'],
    ['an empty archive', [new File([], 'a.zip')], 'a.zip is empty.'],
    ['what is too large', [new File(['x'.repeat(10_001)], 'a.zip')], 'are accepted'],
    ['too many files', ['a', 'b', 'c', 'd', 'e'].map((name) => dropped(`f/${name}.png`)), 'holds 5 files'],
  ])('refuses %s with a sentence', async (_, files, words) => {
    const { parcels, refusals } = await parcelsOf(files, LIMITS);
    expect(parcels).toEqual([]);
    expect(refusals.join()).toContain(words);
  });

  it('takes the good ones beside one that is refused', async () => {
    const { parcels, refusals } = await parcelsOf([new File([], 'a.zip'), new File(['x'], 'b.zip')], LIMITS);
    expect([parcels.map(({ name }) => name), refusals]).toEqual([['b.zip'], ['a.zip is empty.']]);
  });
});

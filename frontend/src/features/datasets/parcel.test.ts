import { describe, expect, it } from 'vitest';
import { parcelOf } from './parcel';

const dropped = (path: string, text = 'x') =>
  Object.assign(new File([text], path.split('/').at(-1) ?? '', { lastModified: 5 }), { path: `/${path}` });

describe('parcelOf', () => {
  it('leaves an archive as it is', () => {
    const parcel = parcelOf([new File(['abc'], 'Pets.TAR.GZ')]);
    expect([parcel?.name, parcel?.size, parcel?.files]).toEqual(['Pets.TAR.GZ', 3, 1]);
  });

  it('packs a folder under its name', () => {
    const parcel = parcelOf([dropped('pets/cat/a.png'), dropped('pets/dog/b.png')]);
    expect([parcel?.name, parcel?.size, parcel?.files]).toEqual(['pets.tar', 4 * 512 + 1024, 2]);
  });

  it('packs several files and folders together', () => {
    expect(parcelOf([dropped('cat/a.png'), dropped('dog/b.png')])?.name).toBe('images.tar');
    expect(parcelOf([dropped('a.png'), dropped('b.png')])?.name).toBe('images.tar');
  });

  it('knows a folder again, whatever the order of its files', () => {
    const files = [dropped('pets/cat/a.png'), dropped('pets/dog/b.png')];
    expect(parcelOf(files.toReversed())?.mark).toBe(parcelOf(files)?.mark);
    expect(parcelOf([dropped('pets/cat/a.png', 'xy'), dropped('pets/dog/b.png')])?.mark).not.toBe(
      parcelOf(files)?.mark,
    );
  });

  it('takes neither a lone image nor nothing', () => {
    expect(parcelOf([new File(['x'], 'a.png')])).toBeNull();
    expect(parcelOf([])).toBeNull();
  });
});

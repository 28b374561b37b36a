import { describe, expect, it } from 'vitest';
import { filesOf } from './dropped';

let waiting = 0;
let most = 0;

/** A file of a drop, which takes its time. */
function file(fullPath: string) {
  const read = async (done: (file: File) => void) => {
    most = Math.max(most, (waiting += 1));
    await Promise.resolve();
    waiting -= 1;
    done(new File(['x'], fullPath.split('/').at(-1) ?? ''));
  };
  return { isFile: true, isDirectory: false, fullPath, file: (done: (file: File) => void) => void read(done) };
}

/** A folder of a drop, which tells a hundred of its entries at a time, and nothing at its end. */
function folder(entries: object[]) {
  const batches = Array.from({ length: Math.ceil(entries.length / 100) }, (_, place) =>
    entries.slice(100 * place, 100 * (place + 1)),
  );
  const createReader = () => ({ readEntries: (done: (batch: object[]) => void) => done(batches.shift() ?? []) });
  return { isFile: false, isDirectory: true, createReader };
}

const entries = (...found: object[]) => found as FileSystemEntry[];
const paths = (files: File[]) => files.map((one) => (one as File & { path?: string }).path ?? one.name);

describe('filesOf', () => {
  it('finds the files of folders in folders, each with its path, beside plain ones', async () => {
    const dropped = folder([file('/set/a.png'), folder([file('/set/cat/b.png')]), folder([])]);
    const found = await filesOf([new File([], 'c.zip'), ...entries(dropped, file('/d.png'))]);
    expect(paths(found).toSorted()).toEqual(['/d.png', '/set/a.png', '/set/cat/b.png', 'c.zip']);
  });

  it('finds every file of a large folder, asks for few at a time, and says how far it is', async () => {
    const large = folder(Array.from({ length: 250 }, (_, number) => file(`/set/${number}.png`)));
    const told: number[] = [];
    most = 0;
    const found = await filesOf(entries(large), (files) => told.push(files));
    expect(new Set(paths(found)).size).toBe(250);
    expect(told).toEqual([100, 200, 250]);
    expect(most).toBeLessThanOrEqual(4);
  });
});

import { describe, expect, it } from 'vitest';
import { Tar, type Member } from './tar';

const member = (path: string, text: string): Member => ({ path, file: new Blob([text]) });
const LONG = `${'folder/'.repeat(20)}größe.png`;

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

describe('Tar', async () => {
  const tar = await Tar.of([member('set/b.png', 'b'.repeat(700)), member('set/a.png', 'a'), member(LONG, 'long')]);

  it('holds each file behind a header whose checksum is right, in the order of the paths', async () => {
    const all = await bytesOf(await tar.slice(0, tar.size));
    expect(all.length).toBe(tar.size);
    const text = new TextDecoder();
    const found: [string, string][] = [];
    let path = '';
    for (let at = 0; all[at] !== 0;) {
      const block = all.slice(at, at + 512);
      const stated = Number.parseInt(text.decode(block.slice(148, 154)), 8);
      block.fill(32, 148, 156);
      expect(block.reduce((sum, byte) => sum + byte, 0)).toBe(stated);
      const size = Number.parseInt(text.decode(block.slice(124, 135)), 8);
      const content = text.decode(all.slice(at + 512, at + 512 + size));
      if (text.decode(block.slice(156, 157)) === 'x') {
        const [length, rest] = [content.split(' ', 1)[0], content.slice(content.indexOf('=') + 1, -1)];
        expect(new TextEncoder().encode(content).length).toBe(Number(length));
        path = rest;
      } else {
        found.push([path === '' ? text.decode(block.slice(0, 100)).replaceAll('\0', '') : path, content]);
        path = '';
      }
      at += 512 + Math.ceil(size / 512) * 512;
    }
    expect(found).toEqual([
      [LONG, 'long'],
      ['set/a.png', 'a'],
      ['set/b.png', 'b'.repeat(700)],
    ]);
  });

  it('gives the same bytes in pieces of any size', async () => {
    const all = await bytesOf(await tar.slice(0, tar.size));
    for (const size of [100, 511, 512, 513, 5000]) {
      const pieces: number[] = [];
      for (let at = 0; at < tar.size; at += size) pieces.push(...(await bytesOf(await tar.slice(at, at + size))));
      expect(pieces).toEqual([...all]);
    }
  });

  it('gives the same bytes of more files than are read together', async () => {
    const names = Array.from({ length: 50 }, (_, number) => `set/${String(number).padStart(3, '0')}.png`);
    const many = await Tar.of(names.map((name, number) => member(name, 'x'.repeat(40 * number))));
    const all = await bytesOf(await many.slice(0, many.size));
    expect(names.map((name) => new TextDecoder().decode(all).includes(`${name}\0`))).toEqual(names.map(() => true));
    const pieces: number[] = [];
    for (let at = 0; at < many.size; at += 20_000) pieces.push(...(await bytesOf(await many.slice(at, at + 20_000))));
    expect(pieces).toEqual([...all]);
  });

  it('is told from another folder and known again in any order', async () => {
    const again = await Tar.of([member(LONG, 'long'), member('set/a.png', 'a'), member('set/b.png', 'b'.repeat(700))]);
    expect(again.mark).toBe(tar.mark);
    const marks = await Promise.all(['ab', 'a'].map((text) => Tar.of([member('set/a.png', text)])));
    expect(marks[0]?.mark).not.toBe(marks[1]?.mark);
  });
});

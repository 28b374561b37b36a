import { Breath } from './breath';

/** A folder as one tar, made while it is sent: nothing is read before its turn, and the same folder gives the same bytes. */

export type Member = { path: string; file: Blob & { lastModified?: number } };

const BLOCK = 512;
const END = 2 * BLOCK;
const NAME_BYTES = 100;
/** Files that are read together: few enough that the page has its turn in between. */
const AT_ONCE = 16;
const encoder = new TextEncoder();

export class Tar {
  private constructor(
    private readonly members: Member[],
    /** Where each member's header begins. */
    private readonly starts: number[],
    readonly size: number,
    /** What tells this folder from another, or from itself after a change. */
    readonly mark: string,
  ) {}

  /** Looks at each file once: its size and its time, not its content. */
  static async of(members: Member[]): Promise<Tar> {
    const breath = new Breath();
    const sorted = members.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const starts: number[] = [];
    let [at, hash] = [0, 0x811c9dc5];
    for (const { path, file } of sorted) {
      await breath.take();
      starts.push(at);
      at += headBytes(path) + padded(file.size);
      hash = mixed(hash, `${path}|${file.size}|${file.lastModified ?? 0};`);
    }
    const size = at + END;
    return new Tar(sorted, starts, size, `${sorted.length}|${size}|${hash.toString(16)}`);
  }

  /** The bytes from `start` up to `end`. Throws when a file changed or vanished since it was chosen. */
  async slice(start: number, end: number): Promise<Blob> {
    const last = Math.min(end, this.size);
    const bytes = new Uint8Array(Math.max(0, last - start));
    for (let place = this.placeAt(start); this.startOf(place) < last; place += AT_ONCE) {
      const from = Math.max(start, this.startOf(place));
      bytes.set(await this.read(place, from, Math.min(last, this.startOf(place + AT_ONCE))), from - start);
    }
    return new Blob([bytes]);
  }

  /** Some members' bytes from `start` up to `end`. Each blob is a request to the browser, so that they are one together. */
  private async read(place: number, start: number, end: number): Promise<Uint8Array> {
    const parts: BlobPart[] = [];
    for (let next = place; next < place + AT_ONCE; next += 1) {
      let at = this.startOf(next);
      for (const piece of this.piecesOf(next)) {
        const [from, to] = [Math.max(0, start - at), Math.min(sizeOf(piece), end - at)];
        if (from < to) parts.push(cut(piece, from, to));
        at += sizeOf(piece);
      }
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  private startOf(place: number): number {
    return this.starts[place] ?? (place === this.starts.length ? this.size - END : this.size);
  }

  private piecesOf(place: number): Piece[] {
    const member = this.members[place];
    if (member !== undefined) return packed(member);
    return place === this.members.length ? [new Uint8Array(END)] : [];
  }

  /** The member that holds byte `offset`; one beyond the last for the end mark. */
  private placeAt(offset: number): number {
    if (offset >= this.size - END) return this.members.length;
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** FNV-1a, one step for each sign. */
function mixed(hash: number, text: string): number {
  let value = hash;
  for (let place = 0; place < text.length; place += 1)
    value = Math.imul(value ^ text.charCodeAt(place), 0x01000193) >>> 0;
  return value;
}

type Piece = Blob | Uint8Array<ArrayBuffer>;

/** Header, content and filling of one member. */
function packed({ path, file }: Member): Piece[] {
  return [...heads(path, file.size), file, new Uint8Array(padded(file.size) - file.size)];
}

function sizeOf(piece: Piece): number {
  return piece instanceof Blob ? piece.size : piece.length;
}

function cut(piece: Piece, from: number, to: number): Piece {
  if (from === 0 && to === sizeOf(piece)) return piece;
  return piece instanceof Blob ? piece.slice(from, to) : piece.subarray(from, to);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function headBytes(path: string): number {
  const record = paxRecord(path);
  return record === null ? BLOCK : 2 * BLOCK + padded(record.length);
}

function heads(path: string, size: number): Piece[] {
  const record = paxRecord(path);
  if (record === null) return [header(encoder.encode(path), size, '0')];
  const filled = new Uint8Array(padded(record.length));
  filled.set(record);
  return [header(encoder.encode('path'), record.length, 'x'), filled, header(encoder.encode('long'), size, '0')];
}

/** A path that is too long for a header has a record of its own: its length in digits, itself included, and the path. */
function paxRecord(path: string): Uint8Array | null {
  const name = encoder.encode(path);
  if (name.length <= NAME_BYTES) return null;
  const rest = name.length + ' path=\n'.length;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return encoder.encode(`${length} path=${path}\n`);
}

function header(name: Uint8Array, size: number, kind: string): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(encoder.encode(text), at);
  block.set(name, 0);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(148, ' '.repeat(8));
  put(156, kind);
  put(257, 'ustar\x0000');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

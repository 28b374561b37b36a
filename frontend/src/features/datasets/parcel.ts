import type { Schemas } from '@/api/client';
import { Breath } from './breath';
import { Tar, type Member } from './tar';

export type Limits = Schemas['UploadLimits'];

/** What one upload sends: a file as it is, or a folder packed on the way. */
export type Parcel = {
  /** As the service will call it. */
  name: string;
  size: number;
  /** The same for the same content, also after a reload. */
  mark: string;
  body: File | Tar;
  /** How many files are packed; 1 for a file as it is. */
  files: number;
  /** What of the folder is not sent, by reason. */
  left: LeftOut[];
};

export type LeftOut = {
  reason: string;
  count: number;
  examples: string[];
  /** Whether nobody would miss them. */
  isLitter: boolean;
};

export type Chosen = { parcels: Parcel[]; refusals: string[] };

const ARCHIVE = /\.(zip|tar|tgz|tar\.gz)$/i;
const SHOWN_EXAMPLES = 5;
const HINT = 'Drop a folder, several images, or zip and tar files.';

/** What was chosen or dropped: each archive is a parcel of its own, all other files together are one. */
export async function parcelsOf(files: File[], limits: Limits): Promise<Chosen> {
  const breath = new Breath();
  const parcels: Parcel[] = [];
  const members: Member[] = [];
  const sieve = new Sieve(limits);
  for (const file of files) {
    await breath.take();
    const path = pathOf(file);
    if (ARCHIVE.test(path) && !path.includes('/')) parcels.push(archiveOf(file));
    else if (sieve.keeps(path, file.size)) members.push({ path, file });
  }
  const isLone = members.length === 1 && members[0]?.path.includes('/') === false;
  if (members.length > 0 && !isLone) parcels.push(await folderOf(members, sieve.left));
  return sorted(parcels, limits, isLone || members.length === 0 ? sieve.left : [], isLone);
}

function sorted(parcels: Parcel[], limits: Limits, unsent: LeftOut[], isLone: boolean): Chosen {
  const refusals = parcels.map((parcel) => refusalOf(parcel, limits));
  const missed = unsent.filter(({ isLitter }) => !isLitter);
  if (isLone) refusals.push(`One image alone makes no dataset. ${HINT}`);
  else if (missed.length > 0) refusals.push(`Nothing here can be read: ${inWords(missed)} ${HINT}`);
  else if (parcels.length === 0) refusals.push(HINT);
  return {
    parcels: parcels.filter((parcel) => refusalOf(parcel, limits) === null),
    refusals: refusals.filter((refusal) => refusal !== null),
  };
}

/** Why it cannot be sent at all; null when it can. */
function refusalOf({ name, size, files }: Parcel, limits: Limits): string | null {
  if (size === 0) return `${name} is empty.`;
  if (size > limits.max_bytes)
    return `${name} has ${gib(size)}; at most ${gib(limits.max_bytes)} are accepted. Split it into several.`;
  if (files > limits.max_files)
    return `${name} holds ${files} files; at most ${limits.max_files} are accepted. Split it into several.`;
  return null;
}

const gib = (size: number) => `${(size / 2 ** 30).toPrecision(3)} GiB`;

/** "2 files: no image by the name (notes.txt, plan.pdf)." */
export function inWords(left: LeftOut[]): string {
  return left
    .map(({ reason, count, examples }) => {
      const more = count > examples.length ? ', …' : '';
      return `${count.toLocaleString('en')} ${count === 1 ? 'file' : 'files'}: ${reason} (${examples.join(', ')}${more}).`;
    })
    .join(' ');
}

function archiveOf(file: File): Parcel {
  const mark = [file.name, file.size, file.lastModified].join('|');
  return { name: file.name, size: file.size, mark, body: file, files: 1, left: [] };
}

async function folderOf(members: Member[], left: LeftOut[]): Promise<Parcel> {
  const top = topOf(members);
  const tar = await Tar.of(members);
  return { name: `${top}.tar`, size: tar.size, mark: `${top}|${tar.mark}`, body: tar, files: members.length, left };
}

/** Tells the files that the service reads from those it would pass over, by their names and sizes. */
class Sieve {
  readonly left: LeftOut[] = [];
  private readonly images: Set<string>;
  private readonly labels: Set<string>;
  private readonly litter: Set<string>;

  constructor(private readonly limits: Limits) {
    this.images = new Set(limits.image_endings);
    this.labels = new Set(limits.label_files);
    this.litter = new Set(limits.litter);
  }

  keeps(path: string, size: number): boolean {
    const parts = path.toLowerCase().split('/');
    const name = parts.at(-1) ?? '';
    if (parts.some((part) => part.startsWith('.') || this.litter.has(part)))
      return this.leave(path, 'made by the operating system or a tool', true);
    if (this.labels.has(name)) return true;
    if (ARCHIVE.test(name)) return this.leave(path, 'an archive inside a folder; choose it by itself');
    if (!this.images.has(name.slice(name.lastIndexOf('.') + 1))) return this.leave(path, 'no image by the name');
    if (size > this.limits.max_image_bytes)
      return this.leave(path, `larger than ${Math.round(this.limits.max_image_bytes / 2 ** 20)} MiB`);
    return true;
  }

  private leave(path: string, reason: string, isLitter = false): false {
    let found = this.left.find((one) => one.reason === reason);
    if (found === undefined) this.left.push((found = { reason, count: 0, examples: [], isLitter }));
    found.count += 1;
    if (found.examples.length < SHOWN_EXAMPLES) found.examples.push(path);
    return false;
  }
}

/** Where a file lies in what was chosen; a drop says it otherwise than a chosen folder. */
export function pathOf(file: { webkitRelativePath?: string; path?: string; name: string }): string {
  const paths = [file.webkitRelativePath, file.path, file.name];
  const path = paths.find((one) => one !== undefined && one !== '') ?? '';
  return path.replace(/^\.?\/+/, '');
}

/** The folder that holds everything, or a word for several. */
function topOf(members: Member[]): string {
  const tops = new Set(members.map(({ path }) => (path.includes('/') ? (path.split('/')[0] ?? '') : '')));
  const [top] = tops;
  return tops.size === 1 && top !== undefined && top !== '' ? top : 'images';
}

import { Tar, type Member } from './tar';

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
};

const ARCHIVE = /\.(zip|tar|tgz|tar\.gz)$/i;

/** What was chosen or dropped as one parcel, or null when it is neither one archive nor a folder or several files. */
export function parcelOf(files: File[]): Parcel | null {
  const [first] = files;
  if (first === undefined) return null;
  if (files.length === 1 && ARCHIVE.test(first.name))
    return {
      name: first.name,
      size: first.size,
      mark: [first.name, first.size, first.lastModified].join('|'),
      body: first,
      files: 1,
    };
  const members = files.map((file): Member => ({ path: pathOf(file), file }));
  if (files.length === 1 && !pathOf(first).includes('/')) return null;
  const top = topOf(members);
  const tar = new Tar(members);
  return { name: `${top}.tar`, size: tar.size, mark: `${top}|${tar.mark()}`, body: tar, files: files.length };
}

/** Where a file lies in what was chosen; a drop says it otherwise than a chosen folder. */
function pathOf(file: { webkitRelativePath?: string; path?: string; name: string }): string {
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

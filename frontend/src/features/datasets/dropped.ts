/** The files of a drop, asked for a few at a time, so that ten thousand do not hold up the page. */

/** The page waits for the browser while a file is made, behind all the others that were asked for. */
const AT_ONCE = 4;

type Walked = (files: number) => void;

/** Must be called while the drop event is handled: afterwards the browser takes its items back. */
export function entriesOf(transfer: DataTransfer): (FileSystemEntry | File)[] {
  return [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
    .filter((one) => one !== null);
}

/** All files below what was dropped, each with its path from there; says how many were found so far. */
export async function filesOf(
  entries: (FileSystemEntry | File)[],
  onWalked: Walked = () => undefined,
): Promise<File[]> {
  const found: File[] = [];
  const waiting = [...entries];
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    if (entry instanceof File) found.push(entry);
    else if (isFile(entry)) found.push(await fileOf(entry));
    else if (isFolder(entry))
      for await (const batch of batchesOf(entry)) {
        waiting.push(...batch.filter((one) => !isFile(one)));
        for (const few of fewOf(batch.filter(isFile))) found.push(...(await Promise.all(few.map(fileOf))));
        onWalked(found.length);
      }
  }
  return found;
}

function* fewOf<T>(all: T[]): Generator<T[]> {
  for (let place = 0; place < all.length; place += AT_ONCE) yield all.slice(place, place + AT_ONCE);
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

async function* batchesOf(folder: FileSystemDirectoryEntry): AsyncGenerator<FileSystemEntry[]> {
  const reader = folder.createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (batch.length === 0) return;
    yield batch;
  }
}

async function fileOf(entry: FileSystemFileEntry): Promise<File> {
  const file = await new Promise<File>((done, failed) => entry.file(done, failed));
  return Object.defineProperty(file, 'path', { value: entry.fullPath });
}

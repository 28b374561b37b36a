import { http, take, type Schemas } from '@/api/client';
import { ApiError, sentenceOf } from '@/api/errors';
import { uploadLimits } from '@/api/limits';
import { bytes } from '@/components/format';
import { filesOf } from './dropped';
import { inWords, parcelsOf, type Parcel } from './parcel';
import type { Purpose } from './sendings';
import { sendings } from './useSendings';

type Open = Schemas['OpenUpload'];

/** Looks through what was chosen or dropped and queues it; what cannot be sent is refused with a sentence. */
export async function choose(chosen: (FileSystemEntry | File)[], lab: string, purpose: Purpose): Promise<void> {
  sendings.choose({ files: 0, refusals: [] });
  try {
    const files = await filesOf(chosen, (walked) => sendings.choose({ files: walked }));
    sendings.choose({ files: files.length });
    const { parcels, refusals } = await parcelsOf(files, await uploadLimits());
    const known = await knownOf(lab);
    const sent = purpose.makes === 'dataset' ? parcels : parcels.slice(0, 1);
    for (const parcel of parcels.slice(sent.length))
      refusals.push(`${parcel.name} is left aside: one archive or folder at a time here.`);
    for (const parcel of sent) queue(parcel, lab, purpose, known);
    sendings.choose({ refusals });
  } catch (error) {
    sendings.choose({ refusals: [sentenceOf(error)] });
  } finally {
    sendings.choose({ files: null });
  }
}

type Known = { open: Open[]; ownMarks: Map<string, string>; room: number | null };

function queue(parcel: Parcel, lab: string, purpose: Purpose, { open, ownMarks, room }: Known): void {
  const goesOn = open.find(({ id }) => ownMarks.get(id) === parcel.mark);
  const namesake = open.find(({ file_name }) => file_name === parcel.name);
  const missed = parcel.left.filter(({ isLitter }) => !isLitter);
  const left = parcel.left.length > 0 ? `Left out: ${inWords(parcel.left)}` : '';
  const isTooMuch = goesOn === undefined && room !== null && parcel.size > room;
  const notes = [
    isTooMuch ? `It does not fit: the lab has room for ${bytes(Math.max(0, room))}.` : '',
    goesOn !== undefined
      ? `${bytes(goesOn.offset)} had arrived before; it goes on from there.`
      : namesakeNote(namesake),
    left,
  ];
  sendings.add(parcel, lab, purpose, notes.filter((note) => note !== '').join(' '), missed.length > 0 || isTooMuch);
}

function namesakeNote(namesake: Open | undefined): string {
  if (namesake === undefined) return '';
  const { file_name: name, offset, size_bytes: size } = namesake;
  return `Another file called ${name} is unfinished (${bytes(offset)} of ${bytes(size)}); this is not the same file, so it is sent from its beginning.`;
}

/** What is there already, and what still fits; nothing is known while the service is away, and the queue waits for it. */
async function knownOf(lab: string): Promise<Known> {
  try {
    const { fingerprintOf, remembered } = await import('./sending');
    const page = await take(http.GET('/api/v1/uploads/', { params: { query: { lab, limit: 100 } } }));
    const stored = await take(http.GET('/api/v1/labs/{id}/storage/', { params: { path: { id: lab } } }));
    const marks = (await remembered(lab)).map(
      ({ id, mark }) => [id, mark.slice(fingerprintOf(lab, '').length)] as const,
    );
    return { open: page.results, ownMarks: new Map(marks), room: roomIn(stored) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { open: [], ownMarks: new Map(), room: null };
  }
}

/** Bytes that the lab may still send. */
export function roomIn({ quota_bytes: quota, used_bytes: used, free_bytes: free }: Schemas['Storage']): number {
  return quota === null ? free : Math.min(free, quota - used);
}

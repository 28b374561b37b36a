import type { Schemas } from '@/api/client';
import { bytes, coarse, duration } from '@/components/format';

/** How long a run takes once a worker has it, and from what that is told. */
export function timeSentence(told: Schemas['Duration']): string {
  const { duration_s, duration_from } = told;
  return duration_s === null ? duration_from : `It takes about ${duration(coarse(duration_s))}. ${duration_from}`;
}

/** The same in few words. */
export function timeWords({ duration_s }: Pick<Schemas['Duration'], 'duration_s'>): string {
  return duration_s === null ? 'Time not known yet' : `About ${duration(coarse(duration_s))}`;
}

/** Memory of the machine, in few words. */
export function memoryWords({ needed_bytes, available_bytes, device, fits }: Schemas['Memory']): string {
  const where = device === 'cpu' ? '' : ` on ${device}`;
  return `${bytes(needed_bytes)} of ${bytes(available_bytes)} free${where}${fits ? '' : ': does not fit'}.`;
}

import type { Schemas } from '@/api/client';
import { bytes, coarse, count, duration, plural } from '@/components/format';

/** How long a run takes once a worker has it, and from what that is told. */
export function timeSentence(told: Schemas['Duration']): string {
  const { duration_s, duration_from } = told;
  return duration_s === null ? duration_from : `It takes about ${duration(coarse(duration_s))}. ${duration_from}`;
}

/** Memory of the machine, in few words. */
export function memoryWords({ needed_bytes, available_bytes, device, fits }: Schemas['Memory']): string {
  const where = device === 'cpu' ? '' : ` on ${device}`;
  return `${bytes(needed_bytes)} of ${bytes(available_bytes)} free${where}${fits ? '' : ': does not fit'}.`;
}

/** What a sampler would keep of so many candidates, and from what that is told. */
export function yieldSentence(told: Schemas['ForetoldYield'], drawn: number): string {
  const { kept, least, most, is_certain, told_from } = told;
  if (kept === null) return told_from;
  const range = is_certain || least === null || most === null ? '' : ` (${count(least)} to ${count(most)})`;
  return `${is_certain ? '' : 'About '}${count(kept)}${range} of ${plural(drawn, 'candidate')}. ${told_from}`;
}

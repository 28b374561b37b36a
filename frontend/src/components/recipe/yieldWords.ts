import type { Schemas } from '@/api/client';
import { count, plural } from '../format';

type Told = Schemas['ForetoldYield'];

/** What a sampler would keep of so many candidates, and from what that is told. */
export function yieldSentence(told: Told, drawn: number): string {
  const { kept, least, most, is_certain, told_from } = told;
  if (kept === null) return told_from;
  const range = is_certain || least === null || most === null ? '' : ` (${count(least)} to ${count(most)})`;
  return `${is_certain ? '' : 'About '}${count(kept)}${range} of ${plural(drawn, 'candidate')}. ${told_from}`;
}

/** The same in few words. */
export function yieldWords({ kept, is_certain }: Told, drawn: number): string {
  return kept === null ? 'Yield not known yet' : `Keeps ${is_certain ? '' : 'about '}${count(kept)} of ${count(drawn)}`;
}

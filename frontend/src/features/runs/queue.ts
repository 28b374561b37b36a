import { coarse, duration, plural } from '@/components/format';
import type { Schemas } from '@/api/client';

type Waiting = Pick<Schemas['RunListItem'], 'queue_position' | 'starts_in_s' | 'over_limit'>;

/** Where a waiting run stands and when it starts, as far as that is known. */
export function standing({ queue_position: ahead, starts_in_s, over_limit }: Waiting): string {
  if (over_limit) return 'Waits until another run of the same person ends: it has as many at work as one person may.';
  const place = ahead === null || ahead === 0 ? 'It is next' : `${plural(ahead, 'run')} before it`;
  return `Waits for a free worker. ${place}; ${whenItStarts(starts_in_s)}.`;
}

/** The same in few words, for a table. */
export function shortStanding({ queue_position: ahead, starts_in_s, over_limit }: Waiting): string {
  if (over_limit) return 'waits for another run of the same person';
  const place = ahead === null || ahead === 0 ? 'next' : `${ahead} before it`;
  return starts_in_s === null || starts_in_s < 1 ? place : `${place}, in about ${duration(coarse(starts_in_s))}`;
}

function whenItStarts(seconds: number | null): string {
  if (seconds === null) return 'when it starts is not known yet';
  return seconds < 1 ? 'it starts at once' : `it starts in about ${duration(coarse(seconds))}`;
}

import type { Schemas } from '@/api/client';
import { plural } from '@/components/format';

/** What there is to know of near duplicates, in a sentence or two; nothing where there are none. */
export function nearOf(near: Schemas['DatasetVersion']['near_duplicates']): string {
  if (near === null) return '';
  const found =
    near.groups === 0
      ? ''
      : `${plural(near.images, 'image')} in ${plural(near.groups, 'group')} are near duplicates; each group lies in one split.`;
  const leftOut =
    near.left_out === 0
      ? ''
      : `${plural(near.left_out, 'image was', 'images were')} left out, because a near duplicate is held out.`;
  return [found, leftOut].filter((part) => part !== '').join(' ');
}

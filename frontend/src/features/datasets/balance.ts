import { count, plural } from '@/components/format';

const FEW = 20;

/** How evenly the training images are spread over the classes, in a sentence or two. */
export function balanceOf(train: Record<string, number>): string {
  const rows = Object.entries(train).sort(([, a], [, b]) => a - b);
  const [smallest] = rows;
  const largest = rows.at(-1);
  if (smallest === undefined || largest === undefined) return 'There are no training images.';
  const few = rows.filter(([, n]) => n < FEW).length;
  const spread =
    smallest[1] === largest[1]
      ? `Every class has ${plural(largest[1], 'training image')}.`
      : `The largest class, ${largest[0]}, has ${count(largest[1])} training images; the smallest, ${smallest[0]}, ${count(smallest[1])}.`;
  return few === 0
    ? spread
    : `${spread} ${plural(few, 'class has', 'classes have')} fewer than ${FEW}, which is little to learn from.`;
}

import type { Schemas } from '@/api/client';
import { count } from '@/components/format';

type Estimate = Schemas['EstimateOfSeeds'];

/** A share as percent with one digit: 0.9567 -> "95.7". An interval that seeds widen beyond 0..1 ends there. */
export function percent(share: number): string {
  return (100 * Math.min(1, Math.max(0, share))).toFixed(1);
}

/** A difference in percentage points: 0.0123 -> "+1.2". */
export function points(difference: number): string {
  const text = (100 * difference).toFixed(1);
  if (Number(text) === 0) return '0.0';
  return difference > 0 ? `+${text}` : text.replace('-', '−');
}

/** "94.1 to 96.8"; empty where there are too few seeds for an interval. */
export function between({ low, high }: Estimate, write = percent): string {
  return low === null || high === null ? '' : `${write(low)} to ${write(high)}`;
}

/** Round ends of an axis around zero that holds every gain with its interval. */
export function reach(gains: Estimate[]): number {
  const farthest = Math.max(
    0.001,
    ...gains.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean].map(Math.abs)),
  );
  const size = 10 ** Math.floor(Math.log10(farthest));
  const fits = [1, 2, 5, 10].find((step) => step * size >= farthest) ?? 10;
  return fits * size;
}

/** Real images that would be worth as much, with their sign. */
export function worth(images: number): string {
  return images < 0 ? `${count(-images)} fewer` : `${count(images)} more`;
}

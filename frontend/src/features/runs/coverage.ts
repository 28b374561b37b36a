import { count, plural } from '@/components/format';

export type Counts = Record<string, number>;

const FEW = 20;

/** How well the training images cover the classes that are asked of a classifier, alone and with the synthetic ones. */
export function coverageOf(classNames: string[], test: Counts, train: Counts, kept: Counts): string {
  const asked = classNames.filter((name) => (test[name] ?? 0) > 0);
  const images = sum(asked, test);
  if (images === 0) return 'There are no held-out images whose classes could be covered.';
  const shortAlone = asked.filter((name) => (train[name] ?? 0) < FEW);
  const short = shortAlone.filter((name) => (train[name] ?? 0) + (kept[name] ?? 0) < FEW);
  const share = (missing: string[]) => `${count(Math.floor((100 * (images - sum(missing, test))) / images))} %`;
  const alone = `Of ${plural(images, 'held-out image')}, ${share(shortAlone)} are of classes with ${FEW} training images or more`;
  if (shortAlone.length === 0) return `${alone}.`;
  const together = `with the synthetic images that were kept, ${share(short)}`;
  return short.length === 0 ? `${alone}; ${together}.` : `${alone}; ${together}. Still short: ${listed(short)}.`;
}

function sum(names: string[], counts: Counts): number {
  return names.reduce((total, name) => total + (counts[name] ?? 0), 0);
}

function listed(names: string[]): string {
  const more = names.length - 5;
  return more > 0 ? `${names.slice(0, 5).join(', ')} and ${count(more)} more` : names.join(', ');
}

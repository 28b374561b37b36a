import { count, measured, plural } from '../format';

/** How many synthetic images are wanted; the five kinds of `ml/budget.py`. */
export type Budget =
  | { kind: 'per_class'; count: number }
  | { kind: 'fill_to_largest' }
  | { kind: 'fill_to'; count: number }
  | { kind: 'counts'; counts: Record<string, number> }
  | { kind: 'multiple'; factor: number };

export type BudgetKind = Budget['kind'];

/** No more of one class can be asked for. */
export const MOST = 1_000_000;

/** Class -> synthetic images asked for; the rule of `ml/budget.py`, so that bars move before the server has answered. */
export function askedOf(budget: Budget, classNames: string[], real: Record<string, number>): Record<string, number> {
  const largest = Math.max(0, ...classNames.map((name) => real[name] ?? 0));
  const ask = (name: string): number => {
    const here = real[name] ?? 0;
    switch (budget.kind) {
      case 'per_class':
        return budget.count;
      case 'fill_to_largest':
        return largest - here;
      case 'fill_to':
        return Math.max(0, budget.count - here);
      case 'counts':
        return budget.counts[name] ?? 0;
      case 'multiple':
        return Math.floor(budget.factor * here + 0.5);
    }
  };
  return Object.fromEntries(classNames.map((name) => [name, ask(name)]));
}

/** Twice as many of every class, in the same words where they can say it, else class by class. */
export function doubled(budget: Budget, asked: Record<string, number>): Budget {
  if (budget.kind === 'per_class' && 2 * budget.count <= MOST) return { ...budget, count: 2 * budget.count };
  if (budget.kind === 'multiple' && 2 * budget.factor <= 1000) return { ...budget, factor: 2 * budget.factor };
  const counts = Object.entries(asked).map(([name, n]) => [name, Math.min(MOST, 2 * n)]);
  return { kind: 'counts', counts: Object.fromEntries(counts) as Record<string, number> };
}

/** Where an axis for these images ends, a quarter beyond the longest bar and at a round number; and one step along it. */
export function axisOf(longest: number): { end: number; step: number } {
  const wanted = Math.max(10, 1.25 * longest);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const end = power * ([1, 1.5, 2, 3, 4, 5, 6, 8].find((round) => round * power >= wanted) ?? 10);
  return { end, step: Math.max(1, power / 100) };
}

/** What a budget asks for, in words. */
export function budgetSentence(budget: Budget): string {
  switch (budget.kind) {
    case 'per_class':
      return `${count(budget.count)} per class`;
    case 'fill_to_largest':
      return 'every class filled up to the largest';
    case 'fill_to':
      return `every class filled up to ${count(budget.count)}`;
    case 'counts':
      return `${plural(
        Object.values(budget.counts).reduce((sum, n) => sum + n, 0),
        'image',
      )}, set per class`;
    case 'multiple':
      return `${measured(budget.factor)} times the real images`;
  }
}

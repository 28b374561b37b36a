import { count, measured, plural } from '../format';

/** How many synthetic images are wanted; the five kinds of `ml/budget.py`. */
export type Budget =
  | { kind: 'per_class'; count: number }
  | { kind: 'fill_to_largest' }
  | { kind: 'fill_to'; count: number }
  | { kind: 'counts'; counts: Record<string, number> }
  | { kind: 'multiple'; factor: number };

export type BudgetKind = Budget['kind'];

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

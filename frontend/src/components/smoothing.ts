export type Line = {
  name: string;
  values: (number | null)[];
  /** Where the lines of several runs are compared: the place of its run, which gives colour and letter. */
  run?: number;
};

/**
 * An exponential average that starts unbiased: early values are divided by the weight that they have so far.
 * Gaps (null) stay gaps and do not count. `amount` is in [0, 1).
 */
export function smoothed(values: (number | null)[], amount: number): (number | null)[] {
  if (amount <= 0) return values;
  let average = 0;
  let weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    average = amount * average + (1 - amount) * value;
    weight = amount * weight + (1 - amount);
    return average / weight;
  });
}

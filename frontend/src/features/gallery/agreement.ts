import type { Schemas } from '@/api/client';

/** A share with its interval: "86 % (49 to 97)". */
export function percents(share: number, low: number, high: number): string {
  const [own, from, to] = [share, low, high].map((value) => Math.round(value * 100));
  return `${own} % (${from} to ${to})`;
}

/** Kappa with its interval, or why there is none. */
export function kappaWords({ kappa, kappa_low, kappa_high }: Schemas['PairAgreement']): string {
  if (kappa === null || kappa_low === null || kappa_high === null)
    return 'not defined: both gave one and the same verdict throughout';
  return `${kappa.toFixed(2)} (${kappa_low.toFixed(2)} to ${kappa_high.toFixed(2)})`;
}

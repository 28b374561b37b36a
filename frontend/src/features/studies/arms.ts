import { words } from '@/components/format';

/** An arm as its parts; written as one line it is what the service reads. */
export type ArmParts = {
  /** Those that are one word, such as `balanced`. */
  plain: string[];
  /** Which synthetic images it adds: sampler, amount (1x, 200, fill) and share of each batch in percent, or null. */
  synthetic: { sampler: string; amount: string; percent: number | null } | null;
};

/** `balanced+geometric+random:1x@0.25`; without any part `none`. */
export function armOf({ plain, synthetic }: ArmParts): string {
  const share = synthetic === null || synthetic.percent === null ? '' : `@${synthetic.percent / 100}`;
  const images = synthetic === null ? [] : [`${synthetic.sampler}:${synthetic.amount.trim()}${share}`];
  const parts = [...plain, ...images];
  return parts.length === 0 ? 'none' : parts.join('+');
}

/** `balanced+random:1x@0.25` -> "balanced + random 1x, 25 % of each batch" */
export function armInWords(arm: string): string {
  return arm.split('+').map(partInWords).join(' + ');
}

function partInWords(part: string): string {
  if (part === 'none') return 'real images as they are';
  if (part.startsWith('real@')) return `${percent(part.slice(5))} of the real images`;
  const [sampler = '', rest] = part.split(':');
  if (rest === undefined) return words(part);
  const [amount = '', share] = rest.split('@');
  return `${words(sampler)} ${amount}${share === undefined ? '' : `, ${percent(share)} of each batch`}`;
}

function percent(share: string): string {
  return `${Number((100 * Number(share)).toFixed(1))} %`;
}

/** The layout of the sampling study: samplers as rows, amounts as columns. */
export type SamplingTable = { amounts: string[]; rows: { sampler: string; arms: (string | null)[] }[] };

/** The arms that differ only in sampler and amount, where there are several of both; else null. */
export function samplingTable(arms: string[]): SamplingTable | null {
  const found = arms.flatMap((arm) => {
    const [, sampler, amount] = /^(\w+):(\w+)$/.exec(arm) ?? [];
    return sampler === undefined || amount === undefined ? [] : [{ arm, sampler, amount }];
  });
  const amounts = [...new Set(found.map((one) => one.amount))].sort((a, b) => parseFloat(a) - parseFloat(b));
  const samplers = [...new Set(found.map((one) => one.sampler))];
  if (amounts.length < 2 || samplers.length < 2) return null;
  const at = (sampler: string, amount: string) =>
    found.find((one) => one.sampler === sampler && one.amount === amount)?.arm ?? null;
  return {
    amounts,
    rows: samplers.map((sampler) => ({ sampler, arms: amounts.map((amount) => at(sampler, amount)) })),
  };
}

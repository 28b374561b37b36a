import type { Schemas } from '@/api/client';

export type Measured = Schemas['Measurement'];
export type InSpace = { space: string; rows: { name: string; metric: Measured }[] };

/** The metrics by the features they were measured with, the in-domain encoder's first; `inception/fid` is the metric `fid`. */
export function bySpace(metrics: Record<string, Measured>): InSpace[] {
  const spaces: InSpace[] = [];
  const keys = Object.keys(metrics).sort((a, b) => Number(a.includes('/')) - Number(b.includes('/')));
  for (const key of keys) {
    const metric = metrics[key];
    if (metric === undefined) continue;
    const space = key.includes('/') ? String(metric.details.space) : 'the in-domain encoder';
    const row = { name: key.slice(key.indexOf('/') + 1), metric };
    const there = spaces.find((one) => one.space === space);
    if (there === undefined) spaces.push({ space, rows: [row] });
    else there.rows.push(row);
  }
  return spaces;
}

import type { Schemas } from '@/api/client';

/** What a run is called: by its name, or by what it does. */
export function runTitle(run: Pick<Schemas['RunListItem'], 'name' | 'model' | 'dataset_name'>): string {
  return run.name === '' ? `${run.model} on ${run.dataset_name}` : run.name;
}

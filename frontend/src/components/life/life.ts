import { http, queries, take, type Schemas } from '@/api/client';

/** What people name, put away and delete. */
export type Thing = {
  noun: 'dataset' | 'version' | 'run' | 'export' | 'recipe' | 'study';
  id: string;
  /** As the page shows it; it is typed to confirm a deletion. */
  name: string;
  archived_at: string | null;
};

type Change = { name?: string; archived?: boolean };

const CHANGES = {
  dataset: '/api/v1/datasets/{id}/',
  run: '/api/v1/runs/{id}/',
  export: '/api/v1/exports/{id}/',
  recipe: '/api/v1/recipes/{id}/',
  study: '/api/v1/studies/{id}/',
} as const;

const DELETIONS = {
  dataset: '/api/v1/datasets/{id}/',
  version: '/api/v1/versions/{id}/',
  run: '/api/v1/runs/{id}/',
  export: '/api/v1/exports/{id}/',
  recipe: '/api/v1/recipes/{id}/',
  study: '/api/v1/studies/{id}/',
} as const;

const TOLD = {
  dataset: '/api/v1/datasets/{id}/deletion/',
  version: '/api/v1/versions/{id}/deletion/',
  run: '/api/v1/runs/{id}/deletion/',
  export: '/api/v1/exports/{id}/deletion/',
  recipe: '/api/v1/recipes/{id}/deletion/',
  study: '/api/v1/studies/{id}/deletion/',
} as const;

/** Another name, or put away and brought back. */
export async function change(thing: Thing, body: Change): Promise<void> {
  if (thing.noun === 'version') return;
  await take(http.PATCH(CHANGES[thing.noun], { params: { path: { id: thing.id } }, body }));
}

/** With all that depends on it; the person has seen what that is. */
export async function remove(thing: Thing): Promise<void> {
  const params = { path: { id: thing.id }, query: { with_dependents: true } };
  await take(http.DELETE(DELETIONS[thing.noun], { params }));
}

/** What would go with it. */
export function whatGoes(thing: Thing): Promise<Schemas['Deletion']> {
  return take(http.GET(TOLD[thing.noun], { params: { path: { id: thing.id } } }));
}

/** Whatever a page shows of things may have changed by now. */
export async function askAnew(): Promise<void> {
  await queries.invalidateQueries({ queryKey: ['get'] });
}

import { queries } from '@/api/client';

export const PATH = '/api/v1/labs/{id}/webhook/';
export const LIST = '/api/v1/labs/{id}/webhook/deliveries/';

/** Have what these paths say read again. */
export async function askAnew(...paths: string[]): Promise<void> {
  await Promise.all(paths.map((path) => queries.invalidateQueries({ queryKey: ['get', path] })));
}

import { BASE_PATH } from './basePath';
import type { PathsWithMethod } from 'openapi-typescript-helpers';
import type { paths } from './schema';

type GetPath = PathsWithMethod<paths, 'get'>;
type Parameters<P extends GetPath> = paths[P] extends { get: { parameters: infer Q } } ? Q : never;
type Part<P extends GetPath, K extends 'path' | 'query'> =
  Parameters<P> extends Partial<Record<K, infer V>> ? NonNullable<V> : Record<string, never>;

/**
 * The address of something the browser fetches by itself: an image, a download. Typed by the generated schema, so that
 * no address is written by hand.
 */
export function address<P extends GetPath>(path: P, place: Part<P, 'path'>, query?: Part<P, 'query'>): string {
  const values = place as Record<string, string | number>;
  const filled = BASE_PATH + path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
  const search = new URLSearchParams(
    Object.entries((query ?? {}) as Record<string, string | number | boolean>).map(([name, value]) => [
      name,
      String(value),
    ]),
  ).toString();
  return search === '' ? filled : `${filled}?${search}`;
}

import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import createFetchClient, { type Middleware } from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import { BASE_PATH } from './basePath';
import { ApiError, errorFrom, unreachable } from './errors';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
let csrfToken = '';

/** The session's answer carries the token that proves that a change comes from this page. */
export function rememberCsrfToken(token: string): void {
  csrfToken = token;
}

export function csrfHeader(): Record<string, string> {
  return { 'X-CSRFToken': csrfToken };
}

const proveAndExplain: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method)) request.headers.set('X-CSRFToken', csrfToken);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return undefined;
    const body: unknown = await response.json().catch(() => null);
    throw errorFrom(response, body);
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === 'AbortError' ? error : unreachable();
  },
};

/** Every request goes through here; an answer that is not ok is thrown as an `ApiError`. */
export const http = createFetchClient<paths>({ baseUrl: BASE_PATH, credentials: 'same-origin' });
http.use(proveAndExplain);

/** The same, as hooks. */
export const api = createQueryClient(http);

/** The data of an answer; what is not ok has been thrown already. */
export async function take<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  return (await call).data as T;
}

export const SESSION_KEY = ['get', '/api/v1/session/'] as const;

/** An expired login shows itself as 401 on whatever is asked next; asking for the session leads to the login page. */
function noticeExpiredLogin(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) void queries.invalidateQueries({ queryKey: SESSION_KEY });
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: noticeExpiredLogin }),
  mutationCache: new MutationCache({ onError: noticeExpiredLogin }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && isPassing(error),
    },
  },
});

/** Whether trying again may help: the service was away or busy. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 502 || error.status === 503);
}

/** The cursor in the path of a list's next page; undefined ends an endless list. */
export function cursorOf(next: string | null | undefined): string | undefined {
  if (next === null || next === undefined) return undefined;
  return new URL(next, window.location.origin).searchParams.get('cursor') ?? undefined;
}

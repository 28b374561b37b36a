import type { paths } from './schema';

const UPLOADS: keyof paths = '/api/v1/uploads/';

/** The largest file the service takes, in bytes, as tus servers state it; null when it does not say. */
export async function uploadLimit(): Promise<number | null> {
  const response = await fetch(UPLOADS, { method: 'OPTIONS', credentials: 'same-origin' });
  const stated = Number(response.headers.get('Tus-Max-Size') ?? Number.NaN);
  return Number.isFinite(stated) && stated > 0 ? stated : null;
}

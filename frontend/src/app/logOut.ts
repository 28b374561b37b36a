import { http, queries, take } from '@/api/client';
import { readSession } from '@/api/session';

/** Leave; the frame around the pages then leads to the login. */
export async function logOut(): Promise<void> {
  await take(http.POST('/api/v1/session/logout/'));
  queries.clear();
  await readSession();
}

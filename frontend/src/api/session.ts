import { queries, rememberCsrfToken, SESSION_KEY, take, http, type Schemas } from './client';

export type Session = Schemas['Session'];
export type Lab = Session['labs'][number];
export type Role = Lab['role'];

const ROLES: Role[] = ['viewer', 'reviewer', 'researcher', 'admin', 'owner'];

/** Who is here, in which labs, and what the service asks of a first visitor. */
export const sessionOptions = {
  queryKey: SESSION_KEY,
  queryFn: async () => {
    const session = await take(http.GET('/api/v1/session/'));
    rememberCsrfToken(session.csrf_token);
    return session;
  },
  staleTime: 60_000,
};

export async function readSession(): Promise<Session> {
  return queries.query({ ...sessionOptions, staleTime: 0 });
}

/** Whether a role includes another; each includes the ones before it. */
export function includes(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

import { Center, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Navigate, Outlet, useLocation, useSearchParams } from 'react-router';
import { sessionOptions } from '@/api/session';
import { Fault } from '@/components/Fault';
import { Page } from '@/components/Page';

/** Lets people who are logged in through; the others are led to login or setup, and back here afterwards. */
export function Gate({ children }: { children: ReactNode }) {
  const { data: session, error, refetch } = useQuery(sessionOptions);
  const { pathname, search } = useLocation();
  if (session === undefined) return <Wait error={error} onRetry={() => void refetch()} />;
  if (session.setup_needed) return <Navigate to="/setup" replace />;
  if (session.person === null) {
    const next = pathname === '/' ? '' : `?next=${encodeURIComponent(pathname + search)}`;
    return <Navigate to={`/login${next}`} replace />;
  }
  return children;
}

/** The pages before the login; somebody who is logged in goes on to where they wanted to be. */
export function Welcome() {
  const { data: session, error, refetch } = useQuery(sessionOptions);
  const { pathname } = useLocation();
  const [search] = useSearchParams();
  if (session === undefined) return <Wait error={error} onRetry={() => void refetch()} />;
  if (session.person !== null) return <Navigate to={ownPath(search.get('next'))} replace />;
  const right = session.setup_needed ? '/setup' : '/login';
  const fits = pathname === right || (pathname === '/forgotten' && !session.setup_needed);
  return fits ? <Outlet /> : <Navigate to={right} replace />;
}

/** Only a path of this site; `//host` would lead away. */
export function ownPath(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : '/';
}

function Wait({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (error !== null)
    return (
      <Page width="narrow">
        <Fault error={error} onRetry={onRetry} />
      </Page>
    );
  return <Loading />;
}

/** Before anything is known. */
export function Loading() {
  return (
    <Center h="60vh">
      <Loader aria-label="Loading" />
    </Center>
  );
}

import { useQuery } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { sessionOptions } from '@/api/session';
import { Sendings, type State } from './sendings';

/** The one queue of this page load; what sends is loaded when something is sent. */
export const sendings = new Sendings(async (parcel, lab, handlers) => {
  const { Sending } = await import('./sending');
  return new Sending(parcel, lab, handlers);
});

const UNSENT: ReadonlySet<State> = new Set(['queued', 'sending', 'lost']);

window.addEventListener('online', sendings.regain);
window.addEventListener('offline', sendings.lose);
window.addEventListener('beforeunload', (event) => {
  if (sendings.snapshot().rows.some(({ state }) => UNSENT.has(state))) event.preventDefault();
});

/** What is being sent, and what was just chosen; a page that shows it also greets who logged in again. */
export function useSendings() {
  const { data: session } = useQuery(sessionOptions);
  const person = session?.person?.id;
  useEffect(() => {
    if (person === undefined) return;
    sendings.belongTo(person);
    sendings.welcome();
  }, [person]);
  return useSyncExternalStore(sendings.subscribe, sendings.snapshot);
}

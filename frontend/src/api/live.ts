import { useEffect, useRef, useSyncExternalStore } from 'react';
import { link, type LinkState, type Message, type Topic } from './socket';

/** The link's state, for the word on the page. */
export function useLinkState(): LinkState {
  return useSyncExternalStore(
    (listener) => link.listen(listener),
    () => link.state,
  );
}

type Watch = {
  since?: () => number | null;
  onMessage: (message: Message) => void;
  /** What to do, again and again, while the socket is lost. */
  onPoll: () => void;
  everyMs?: number;
};

/** Watch one row as long as the component is shown and `topic` is not null: by the socket, or by polling without it. */
export function useWatch(topic: Topic | null, watch: Watch): void {
  const latest = useRef(watch);
  useEffect(() => {
    latest.current = watch;
  });
  const channel = topic?.channel;
  const id = topic?.id;
  const state = useLinkState();

  useEffect(() => {
    if (channel === undefined || id === undefined) return undefined;
    return link.watch({
      topic: { channel, id },
      since: () => latest.current.since?.() ?? null,
      onMessage: (message) => latest.current.onMessage(message),
    });
  }, [channel, id]);

  const isPolling = id !== undefined && state !== 'live';
  const everyMs = watch.everyMs ?? 3_000;
  useEffect(() => {
    if (!isPolling) return undefined;
    const timer = window.setInterval(() => latest.current.onPoll(), everyMs);
    return () => window.clearInterval(timer);
  }, [isPolling, everyMs]);
}

/** The network is back, or the page is looked at again: try now. */
export function wakeLinkWithThePage(): void {
  window.addEventListener('online', () => link.wake());
  window.addEventListener('pageshow', (event) => event.persisted && link.wake()); // back from the browser's store of pages
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') link.wake();
  });
}

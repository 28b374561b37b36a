/**
 * The page's one socket. It says what it is doing in one of four words: connecting, live, reconnecting (just lost),
 * polling (lost for longer; whoever watches asks by HTTP meanwhile). What it tells is a hint: the truth is asked anew
 * after every reconnection, by the snapshot that the service sends for each subscription.
 */

import { BASE_PATH } from './basePath';
import type { Schemas } from './client';

export type Topic = {
  channel: 'run' | 'study' | 'version' | 'export' | 'selection' | 'edit' | 'target' | 'person';
  id: string;
};
export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'polling';
/** What the service says; a new kind of event does not compile until every switch over them handles it. */
export type Message = Schemas['LiveEvent'];

type Watcher = {
  topic: Topic;
  /** The last stored event that the watcher has seen; events after it are sent again. */
  since: () => number | null;
  onMessage: (message: Message) => void;
};

/** Waits before the next try, in milliseconds. */
const WAITS = [300, 1_000, 2_000, 4_000, 8_000, 15_000];
/** From this failed try on, the state is called polling. */
const POLLING_FROM = 2;
const PING_EVERY_MS = 20_000;
/** A ping without an answer for so long means that the socket is dead, whatever the browser believes. */
const ANSWER_WITHIN_MS = 10_000;

export class Link {
  state: LinkState = 'connecting';
  lastHeardAt: number | null = null;
  private socket: WebSocket | null = null;
  private watchers = new Set<Watcher>();
  private listeners = new Set<() => void>();
  private failures = 0;
  private retry: number | undefined;
  private pulse: number | undefined;
  private patience: number | undefined;

  constructor(
    private readonly url: () => string,
    private readonly open: (url: string) => WebSocket = (url) => new WebSocket(url),
  ) {}

  /** Watch one row; the answer ends it. */
  watch(watcher: Watcher): () => void {
    this.watchers.add(watcher);
    if (this.socket === null) this.connect();
    else if (this.socket.readyState === WebSocket.OPEN) this.subscribe(watcher);
    return () => {
      this.watchers.delete(watcher);
      const shared = [...this.watchers].some((other) => sameTopic(other.topic, watcher.topic));
      if (!shared) this.send({ type: 'unsubscribe', [watcher.topic.channel]: watcher.topic.id });
    };
  }

  /** Be told when `state` changes. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The network is back, or the page is looked at again: try now instead of at the end of the wait, and where the
   * socket seems to be open, ask whether it is; a machine that slept has lost it without being told. */
  wake(): void {
    if (this.watchers.size === 0) return;
    if (this.state === 'live') this.beat();
    else this.connect();
  }

  /** An answer by HTTP also means that something was heard. */
  heard(): void {
    this.lastHeardAt = Date.now();
  }

  private connect(): void {
    window.clearTimeout(this.retry);
    this.socket?.close();
    const socket = this.open(this.url());
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (event: MessageEvent<string>) => this.received(event.data);
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
  }

  private opened(): void {
    this.failures = 0;
    this.heard();
    this.become('live');
    for (const watcher of this.watchers) this.subscribe(watcher);
    window.clearInterval(this.pulse);
    this.pulse = window.setInterval(() => this.beat(), PING_EVERY_MS);
  }

  /** Waiting for the answer, and not for a time without news: a hidden page's timers come once a minute. */
  private beat(): void {
    this.send({ type: 'ping' });
    window.clearTimeout(this.patience);
    this.patience = window.setTimeout(() => this.drop(), ANSWER_WITHIN_MS);
  }

  /** A dead socket may take minutes to say that it is closed; it is not waited for. */
  private drop(): void {
    const silent = this.socket;
    this.lost();
    silent?.close();
  }

  private received(text: string): void {
    window.clearTimeout(this.patience);
    this.heard();
    const message = JSON.parse(text) as Message;
    for (const { topic, onMessage } of this.watchers) {
      if ((message as Partial<Record<Topic['channel'], string>>)[topic.channel] === topic.id) onMessage(message);
    }
  }

  private lost(): void {
    window.clearInterval(this.pulse);
    window.clearTimeout(this.patience);
    this.socket = null;
    this.failures += 1;
    this.become(this.failures > POLLING_FROM ? 'polling' : 'reconnecting');
    if (this.watchers.size === 0) return;
    const wait = WAITS[Math.min(this.failures, WAITS.length) - 1] ?? 15_000;
    // A little chance, so that a hundred open pages do not knock in the same moment after a restart.
    this.retry = window.setTimeout(() => this.connect(), wait * (0.8 + 0.4 * Math.random()));
  }

  private subscribe(watcher: Watcher): void {
    this.send({ type: 'subscribe', [watcher.topic.channel]: watcher.topic.id, since: watcher.since() });
  }

  private send(message: Record<string, unknown>): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private become(state: LinkState): void {
    if (state === this.state) return;
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

function sameTopic(a: Topic, b: Topic): boolean {
  return a.channel === b.channel && a.id === b.id;
}

export function socketUrl(): string {
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${window.location.host}${BASE_PATH}/ws/`;
}

export const link = new Link(socketUrl);

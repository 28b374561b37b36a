// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Link, type Message } from './socket';

/** The browser's socket, driven by hand: opened, spoken to and cut as the test says. */
class Wire {
  static made: Wire[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    Wire.made.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  accept() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: Record<string, unknown>) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

function newest(): Wire {
  const wire = Wire.made.at(-1);
  if (wire === undefined) throw new Error('no socket was opened');
  return wire;
}

describe('Link', () => {
  beforeEach(() => {
    Wire.made = [];
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const make = () =>
    new Link(
      () => 'ws://here/ws/',
      () => new Wire() as unknown as WebSocket,
    );

  it('subscribes with the last event seen, again after every reconnection', () => {
    const link = make();
    let seen: number | null = null;
    link.watch({
      topic: { channel: 'run', id: 'r1' },
      since: () => seen,
      onMessage: (message) => (seen = message.seq),
    });
    newest().accept();
    expect(newest().sent).toEqual([{ type: 'subscribe', run: 'r1', since: null }]);
    newest().say({ type: 'run.progressed', run: 'r1', seq: 7, data: {} });
    newest().close();
    vi.advanceTimersByTime(1_000);
    newest().accept();
    expect(newest().sent).toEqual([{ type: 'subscribe', run: 'r1', since: 7 }]);
  });

  it('hands an event only to those who watch its row', () => {
    const link = make();
    const heard: Message[] = [];
    link.watch({ topic: { channel: 'run', id: 'r1' }, since: () => null, onMessage: (message) => heard.push(message) });
    newest().accept();
    newest().say({ type: 'run.warned', run: 'r2', seq: 1, data: {} });
    newest().say({ type: 'run.warned', run: 'r1', seq: 1, data: {} });
    expect(heard.map((message) => message.type === 'run.warned' && message.run)).toEqual(['r1']);
  });

  it('is reconnecting when it was just lost, polling when it stays lost, and live again', () => {
    const link = make();
    link.watch({ topic: { channel: 'run', id: 'r1' }, since: () => null, onMessage: () => undefined });
    newest().accept();
    expect(link.state).toBe('live');
    newest().close();
    expect(link.state).toBe('reconnecting');
    vi.advanceTimersByTime(500);
    newest().close();
    vi.advanceTimersByTime(1_500);
    newest().close();
    expect(link.state).toBe('polling');
    vi.advanceTimersByTime(4_000);
    newest().accept();
    expect(link.state).toBe('live');
  });

  it('drops a socket that does not answer a ping, without waiting until the browser has closed it', () => {
    const link = make();
    link.watch({ topic: { channel: 'run', id: 'r1' }, since: () => null, onMessage: () => undefined });
    newest().accept();
    newest().close = () => undefined; // as of a network that is gone: nothing says so
    vi.advanceTimersByTime(29_000);
    expect(link.state).toBe('live');
    vi.advanceTimersByTime(1_000);
    expect(link.state).toBe('reconnecting');
    vi.advanceTimersByTime(1_000);
    newest().accept();
    expect(link.state).toBe('live');
    expect(Wire.made).toHaveLength(2);
  });

  it('keeps a socket that answers, however rarely a hidden page is let to ask', () => {
    const link = make();
    link.watch({ topic: { channel: 'run', id: 'r1' }, since: () => null, onMessage: () => undefined });
    newest().accept();
    for (let minute = 0; minute < 5; minute += 1) {
      vi.setSystemTime(Date.now() + 60_000);
      vi.advanceTimersByTime(20_000);
      newest().say({ type: 'socket.answered', seq: null, data: {} });
    }
    expect(link.state).toBe('live');
    expect(Wire.made).toHaveLength(1);
  });

  it('asks at once whether its socket lives when the page is looked at again after a sleep', () => {
    const link = make();
    link.watch({ topic: { channel: 'run', id: 'r1' }, since: () => null, onMessage: () => undefined });
    newest().accept();
    newest().close = () => undefined;
    link.wake();
    expect(newest().sent.at(-1)).toEqual({ type: 'ping' });
    vi.advanceTimersByTime(10_500);
    expect(Wire.made).toHaveLength(2);
  });

  it('unsubscribes when nobody watches the row any more', () => {
    const link = make();
    const topic = { channel: 'run', id: 'r1' } as const;
    const end = link.watch({ topic, since: () => null, onMessage: () => undefined });
    newest().accept();
    end();
    expect(newest().sent.at(-1)).toEqual({ type: 'unsubscribe', run: 'r1' });
  });
});

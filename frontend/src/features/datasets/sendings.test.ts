import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, unreachable } from '@/api/errors';
import type { Parcel } from './parcel';
import type { Handlers } from './sending';
import { passes, Sendings } from './sendings';

const parcel = (name: string): Parcel => ({
  name,
  size: 100,
  mark: name,
  body: new File([], name),
  files: 1,
  left: [],
});
const refusal = (status: number, code = 'x', retryAfter: number | null = null) =>
  new ApiError('Refused.', status, code, {}, retryAfter);

/** A queue whose uploads do what the test says, and what was asked of each. */
function queue(...names: string[]) {
  const asked: string[] = [];
  const handlers = new Map<string, Handlers>();
  const sendings = new Sendings((made, _, own) => {
    handlers.set(made.name, own);
    const note = (verb: string) => () => {
      asked.push(`${verb} ${made.name}`);
      return Promise.resolve();
    };
    return Promise.resolve({ start: note('start'), pause: note('pause'), discard: note('discard') });
  });
  for (const name of names) sendings.add(parcel(name), 'lab', { makes: 'dataset' });
  const states = () => sendings.snapshot().rows.map(({ state }) => state);
  const row = (name: string) => {
    const found = sendings.snapshot().rows.find((one) => one.name === name);
    const tell = handlers.get(name);
    if (found === undefined || tell === undefined) throw new Error(`${name} has not begun`);
    return { ...found, tell };
  };
  return { sendings, asked, states, row };
}

const settled = () => vi.advanceTimersByTimeAsync(0);

describe('Sendings', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it('sends three at once, and the next when one has arrived', async () => {
    const { states, row, asked } = queue('a', 'b', 'c', 'd');
    await settled();
    expect(states()).toEqual(['sending', 'sending', 'sending', 'queued']);
    row('b').tell.onDone('id-of-b');
    await settled();
    expect(states()).toEqual(['sending', 'done', 'sending', 'sending']);
    expect(asked).toEqual(['start a', 'start b', 'start c', 'start d']);
    expect(row('b').upload).toBe('id-of-b');
  });

  it('gives the place of a held one to the next, and a place again to who goes on', async () => {
    const { sendings, states, row, asked } = queue('a', 'b', 'c', 'd');
    await settled();
    sendings.pause(row('a').id);
    await settled();
    expect(states()).toEqual(['paused', 'sending', 'sending', 'sending']);
    sendings.go(row('a').id);
    expect(states()[0]).toBe('queued');
    sendings.discard(row('c').id);
    await settled();
    expect(states()).toEqual(['sending', 'sending', 'sending']);
    expect(asked.slice(-2)).toEqual(['discard c', 'start a']);
  });

  it('waits while the service is away, longer each time, and for ever', async () => {
    const { states, row, asked } = queue('a');
    await settled();
    for (const [wait, starts] of [
      [500, 2],
      [1_000, 3],
      [2_000, 4],
      [5_000, 5],
      [10_000, 6],
      [20_000, 7],
      [20_000, 8],
    ] as const) {
      row('a').tell.onError(unreachable());
      expect(states()).toEqual(['lost']);
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(states()).toEqual(['lost']);
      await vi.advanceTimersByTimeAsync(1);
      expect(asked.length).toBe(starts);
    }
  });

  it('says at once that the network is gone, and goes on at once when it is back', async () => {
    const { sendings, states, row, asked } = queue('a');
    await settled();
    sendings.lose();
    expect([states(), row('a').error?.code]).toEqual([['lost'], 'offline']);
    await vi.advanceTimersByTimeAsync(500);
    row('a').tell.onError(unreachable());
    expect(row('a').error?.code).toBe('offline');
    sendings.regain();
    await settled();
    expect([states(), asked]).toEqual([['sending'], ['start a', 'pause a', 'start a', 'start a']]);
    row('a').tell.onError(unreachable());
    expect(row('a').error?.code).toBe('unreachable');
  });

  it('comes back when a busy service says', async () => {
    const { states, row } = queue('a');
    await settled();
    row('a').tell.onError(refusal(429, 'throttled', 30));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(states()).toEqual(['lost']);
    await vi.advanceTimersByTimeAsync(1);
    expect(states()).toEqual(['sending']);
  });

  it('stops at a refusal and frees the place; an expired login goes on after the next one', async () => {
    const { sendings, states, row } = queue('a', 'b', 'c', 'd');
    await settled();
    row('a').tell.onError(refusal(507));
    row('b').tell.onError(refusal(401));
    await settled();
    expect(states()).toEqual(['failed', 'failed', 'sending', 'sending']);
    sendings.welcome();
    await settled();
    expect(states()).toEqual(['failed', 'sending', 'sending', 'sending']);
  });

  it('asks first where a person must say so', async () => {
    const { sendings, states, asked } = queue();
    sendings.add(parcel('a'), 'lab', { makes: 'dataset' }, 'Left out: 2 files.', true);
    await settled();
    expect([states(), asked]).toEqual([['asked'], []]);
    sendings.go(sendings.snapshot().rows[0]?.id ?? '');
    await settled();
    expect([states(), asked]).toEqual([['sending'], ['start a']]);
  });

  it('sends the same file once, however often it is chosen', () => {
    const { sendings } = queue('a', 'a');
    expect(sendings.snapshot().rows.length).toBe(1);
  });

  it('tells a few times a second, not for each piece', async () => {
    const { sendings, row } = queue('a');
    await settled();
    const told = vi.fn();
    sendings.subscribe(told);
    for (let sent = 1; sent <= 50; sent += 1) row('a').tell.onProgress(sent);
    await vi.advanceTimersByTimeAsync(200);
    expect(told).toHaveBeenCalledTimes(1);
    expect(row('a').sent).toBe(50);
  });

  it('hears nothing of what was held or given up', async () => {
    const { sendings, states, row } = queue('a');
    await settled();
    const { id, tell } = row('a');
    sendings.pause(id);
    tell.onError(unreachable());
    tell.onProgress(50);
    expect([states(), row('a').sent]).toEqual([['paused'], 0]);
  });

  it('shows nobody the uploads of somebody else', async () => {
    const { sendings, asked } = queue('a');
    sendings.belongTo('ada');
    await settled();
    sendings.belongTo('bob');
    await settled();
    expect([sendings.snapshot().rows, asked]).toEqual([[], ['start a', 'pause a']]);
  });
});

describe('passes', () => {
  it.each([
    [0, true],
    [401, false],
    [403, false],
    [409, true],
    [413, false],
    [423, true],
    [429, true],
    [500, true],
    [503, true],
    [507, false],
  ])('%i: %s', (status, expected) => expect(passes(refusal(status))).toBe(expected));

  it('is not so for the eleventh upload of one person', () => {
    expect(passes(refusal(429, 'too_many_uploads'))).toBe(false);
  });
});

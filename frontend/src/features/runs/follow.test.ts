import { describe, expect, it } from 'vitest';
import type { Schemas } from '@/api/client';
import { Follower } from './follow';

type LiveEvent = Schemas['LiveEvent'];

function warned(seq: number | null): LiveEvent {
  return { type: 'run.warned', ts: '', run: 'r', seq, data: { code: 'c', message: String(seq) } };
}

function snapshot(last_seq: number): LiveEvent {
  return { type: 'run.snapshot', ts: '', run: 'r', seq: last_seq, data: { last_seq } as Schemas['Run'] };
}

/** A follower of a run that has said `said` events, and what it laid. */
function follow(said: number, atOnce = 1000) {
  const laid: (number | null)[] = [];
  const asked: number[] = [];
  const follower = new Follower(
    (event) => laid.push(event.seq),
    (since) => {
      asked.push(since);
      const rest = Array.from({ length: Math.max(0, said - since) }, (_, place) => warned(since + place + 1));
      return Promise.resolve({ results: rest.slice(0, atOnce), last_seq: said });
    },
  );
  return { follower, laid, asked };
}

describe('Follower', () => {
  it('lays each stored event once, in order', () => {
    const { follower, laid } = follow(0);
    follower.begin(4);
    for (const seq of [4, 5, 5, 6, 3]) follower.take(warned(seq));
    expect(laid).toEqual([5, 6]);
  });

  it('knows whether something was said that it has not laid, before its first word too', async () => {
    const { follower } = follow(6);
    expect(follower.isBehind(6)).toBe(true);
    follower.begin(4);
    expect(follower.isBehind(4)).toBe(false);
    expect(follower.isBehind(6)).toBe(true);
    await follower.catchUp();
    expect(follower.isBehind(6)).toBe(false);
  });

  it('lets through what carries no number', () => {
    const { follower, laid } = follow(0);
    follower.begin(4);
    follower.take(warned(null));
    expect(laid).toEqual([null]);
  });

  it('asks for what is missing when a number was left out', async () => {
    const { follower, laid, asked } = follow(8);
    follower.begin(4);
    follower.take(warned(8));
    await follower.catchUp();
    await Promise.resolve();
    expect(asked[0]).toBe(4);
    expect(laid).toEqual([5, 6, 7, 8]);
  });

  it('asks page by page until nothing is missing', async () => {
    const { follower, laid, asked } = follow(10, 4);
    follower.begin(0);
    await follower.catchUp();
    expect(asked).toEqual([0, 4, 8]);
    expect(laid).toHaveLength(10);
  });

  it('catches up after a snapshot that is ahead of it', async () => {
    const { follower, laid } = follow(6);
    follower.begin(4);
    follower.take(snapshot(6));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(laid).toEqual([6, 5, 6]);
  });

  it('stands still when the service is away, and goes on later', async () => {
    let away = true;
    const laid: (number | null)[] = [];
    const follower = new Follower(
      (event) => laid.push(event.seq),
      () => (away ? Promise.reject(new Error('away')) : Promise.resolve({ results: [warned(1)], last_seq: 1 })),
    );
    follower.begin(0);
    await follower.catchUp();
    expect(laid).toEqual([]);
    away = false;
    await follower.catchUp();
    expect(laid).toEqual([1]);
  });
});

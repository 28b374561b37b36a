import { describe, expect, it } from 'vitest';
import { matching, pageEntries, type Entry } from './entries';

const labels = (entries: Entry[]) => entries.map((entry) => entry.label);

describe('matching', () => {
  const entries: Entry[] = [
    { id: 'a', label: 'API tokens', alias: 'key' },
    { id: 'b', label: 'Queue', note: 'what runs' },
    { id: 'c', label: 'Runs of tokens' },
  ];

  it('finds an entry by words of its label, note or alias, in any order and case', () => {
    expect(labels(matching(entries, 'KEY api'))).toEqual(['API tokens']);
    expect(labels(matching(entries, 'what'))).toEqual(['Queue']);
    expect(labels(matching(entries, 'tokens queue'))).toEqual([]);
  });

  it('shows first what begins with the words, and else keeps the order', () => {
    expect(labels(matching(entries, 'runs'))).toEqual(['Runs of tokens', 'Queue']);
    expect(labels(matching(entries, '  '))).toEqual(labels(entries));
  });
});

describe('pageEntries', () => {
  it('offers no page that the person may not open', () => {
    const plain = labels(pageEntries({ isAdmin: false, isStaff: false }));
    expect(plain).not.toContain('Log');
    expect(plain).not.toContain('Everybody on this server');
    expect(labels(pageEntries({ isAdmin: true, isStaff: false }))).toContain('Log');
    expect(labels(pageEntries({ isAdmin: false, isStaff: true }))).toContain('Everybody on this server');
  });

  it('names every entry once', () => {
    const ids = pageEntries({ isAdmin: true, isStaff: true }).map((entry) => entry.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

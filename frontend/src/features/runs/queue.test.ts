import { describe, expect, it } from 'vitest';
import { shortStanding, standing } from './queue';

const waiting = { queue_position: 2, starts_in_s: 754, over_limit: false };

describe('the standing of a waiting run', () => {
  it('a waiting run says how many are before it and when it starts', () => {
    expect(standing(waiting)).toBe('Waits for a free worker. 2 runs before it; it starts in about 13 min.');
    expect(standing({ ...waiting, queue_position: 0, starts_in_s: 0 })).toBe(
      'Waits for a free worker. It is next; it starts at once.',
    );
    expect(shortStanding(waiting)).toBe('2 before it, in about 13 min');
  });

  it('what is not known is said, and not guessed', () => {
    expect(standing({ ...waiting, starts_in_s: null })).toContain('when it starts is not known yet');
    expect(shortStanding({ ...waiting, starts_in_s: null })).toBe('2 before it');
  });

  it('who waits for the limit is told so', () => {
    expect(standing({ ...waiting, over_limit: true })).toContain('another run of the same person ends');
  });
});

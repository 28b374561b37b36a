// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import { isCuredByReload, noticeMissingParts } from './stale';

const page = new EventTarget();
noticeMissingParts(page);

function missed(part: string, where: EventTarget = page): Error {
  const error = new Error(`Failed to fetch dynamically imported module: /static/assets/${part}`);
  where.dispatchEvent(Object.assign(new Event('vite:preloadError'), { payload: error }));
  return error;
}

describe('a part that is gone', () => {
  beforeEach(() => sessionStorage.clear());

  it('is a reason to load the page anew, once', () => {
    expect(isCuredByReload(missed('RunPage-a1.js'))).toBe(true);
    expect(isCuredByReload(missed('RunPage-a1.js'))).toBe(false);
  });

  it('of a later build is a reason again', () => {
    expect(isCuredByReload(missed('RunPage-a1.js'))).toBe(true);
    expect(isCuredByReload(missed('RunPage-b2.js'))).toBe(true);
  });

  it('is told from a fault of the page', () => {
    expect(isCuredByReload(new Error('x is undefined'))).toBe(false);
    expect(isCuredByReload(null)).toBe(false);
  });

  it('is left to the person where the browser keeps nothing', () => {
    const forgetful = new EventTarget();
    noticeMissingParts(forgetful, () => {
      throw new DOMException('denied', 'SecurityError');
    });
    expect(isCuredByReload(missed('RunPage-a1.js', forgetful))).toBe(false);
  });
});

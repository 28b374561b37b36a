/**
 * A page that is older than the service: the front end was built anew, and a part that this page wants to load is gone.
 * The page is loaded anew, once for each missing part, so that a part that stays missing leads to no loop.
 */

const curable = new WeakSet();

/** Listen for the parts that Vite cannot load. */
export function noticeMissingParts(page: EventTarget = window, memory: () => Storage = () => sessionStorage): void {
  page.addEventListener('vite:preloadError', (event) => {
    const { payload } = event as Event & { payload?: unknown };
    if (payload instanceof Error && isFirst(payload.message, memory)) curable.add(payload);
  });
}

/** Whether this is the error of a missing part that loading the page anew may bring. */
export function isCuredByReload(error: unknown): boolean {
  return error instanceof Error && curable.has(error);
}

/** Whether this tab misses the part for the first time; the message names its address, with the hash of its content. */
function isFirst(message: string, memory: () => Storage): boolean {
  const key = `atelier-missing ${message}`;
  try {
    if (memory().getItem(key) !== null) return false;
    memory().setItem(key, new Date().toISOString());
    return true;
  } catch {
    // A browser that keeps nothing cannot tell a first time from a second: the person decides.
    return false;
  }
}

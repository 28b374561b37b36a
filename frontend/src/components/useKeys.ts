import { useEffect, useRef } from 'react';

export type Key = {
  /** `event.key`; letters in lower case; "mod+z" for Ctrl or ⌘ with a letter. */
  keys: string[];
  label: string;
  /** Called with the name of the key that was pressed. */
  act: (name: string) => void;
};

/**
 * Keys of a page. Letters stay letters while somebody types, Enter and Space stay with a focused button or link, and
 * an open dialog keeps its keys to itself.
 */
export function useKeys(keys: Key[], active = true): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    if (!active) return undefined;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTaken(event)) return;
      const name = nameOf(event);
      const found = latest.current.find((key) => key.keys.includes(name));
      if (found === undefined) return;
      event.preventDefault();
      found.act(name);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [active]);
}

export function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return `mod+${key}`;
  return event.altKey ? `alt+${key}` : key;
}

const TEXT_TYPES = new Set(['text', 'search', 'number', 'email', 'password', 'url', 'tel']);

function isTaken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('[role="dialog"], [role="listbox"][data-combobox], [role="menu"]') !== null) return true;
  if (target instanceof HTMLInputElement && TEXT_TYPES.has(target.type)) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable)
    return true;
  if (target.getAttribute('role') === 'slider') return event.key.startsWith('Arrow');
  const presses = event.key === 'Enter' || event.key === ' ';
  return presses && target.closest('button, a, summary, [role="button"]') !== null;
}

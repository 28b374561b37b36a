const SIGNS: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  ' ': 'Space',
};

/** A key as it is printed on the keyboard. */
export function shownKey(name: string): string {
  if (name.startsWith('mod+')) return `Ctrl ${shownKey(name.slice(4))}`;
  if (name.startsWith('alt+')) return `Alt ${shownKey(name.slice(4))}`;
  return SIGNS[name] ?? (name.length === 1 ? name.toUpperCase() : name);
}

/** What a key does in the gallery, in the grid and in the viewer alike: one table for the pages and the list under `?`. */

type Entry = { label: string; keys: readonly string[]; isFixed?: true };

/** Act -> its keys unless a person chose another; those that are fixed come in rows, or lead out of everything. */
export const ACTS = {
  accept: { label: 'Accept', keys: ['a', 'p'] },
  reject: { label: 'Reject', keys: ['x'] },
  clear: { label: 'Clear your verdict', keys: ['u'] },
  rate: { label: 'Rate, 5 is best', keys: ['1', '2', '3', '4', '5'], isFixed: true },
  unrate: { label: 'Clear your rating', keys: ['0'], isFixed: true },
  star: { label: 'Star it for yourself, or take the star away', keys: ['.'] },
  undo: { label: 'Undo your last verdict, rating or star, also of many at once', keys: ['mod+z'] },
  previous: { label: 'Sample before', keys: ['ArrowLeft'] },
  next: { label: 'Next sample', keys: ['ArrowRight'] },
  up: { label: 'Row above', keys: ['ArrowUp'] },
  down: { label: 'Row below', keys: ['ArrowDown'] },
  leap: { label: 'A screen up or down', keys: ['PageUp', 'PageDown'], isFixed: true },
  ends: { label: 'First or last sample', keys: ['Home', 'End'], isFixed: true },
  mark: { label: 'Mark or unmark; Shift+click marks a range', keys: ['s'] },
  mark_all: { label: 'Mark everything that is loaded', keys: ['mod+a'] },
  invert: { label: 'Mark what is not marked, and the other way round', keys: ['mod+i'] },
  open: { label: 'Look at it large', keys: ['Enter'] },
  back: { label: 'Back to the grid; then clear the marks', keys: ['Escape'], isFixed: true },
  compare: { label: 'Compare: the two marked, or this one beside those that follow', keys: ['c'] },
  nearest: { label: 'Nearest training images', keys: ['n'] },
  info: { label: 'Where it comes from', keys: ['i'] },
  showing: { label: 'Of a translation: side by side with its source, slider, difference', keys: ['v'] },
  history: { label: 'What was said of it, by whom and when', keys: ['h'] },
  list: { label: 'This list', keys: ['?'], isFixed: true },
} as const satisfies Record<string, Entry>;

export type Act = keyof typeof ACTS;
/** Act -> key, of the acts that a person put on another key. */
export type OwnKeys = Partial<Record<string, string>>;

export const ACT_NAMES = Object.keys(ACTS) as Act[];

export function isFixed(act: Act): boolean {
  return 'isFixed' in ACTS[act];
}

/** The keys of an act: the person's own, else the default ones that no own key of another act has taken. */
export function keysOf(act: Act, own: OwnKeys): string[] {
  const chosen = own[act];
  if (chosen !== undefined && !isFixed(act)) return [chosen];
  const taken = new Set(ACT_NAMES.flatMap((other) => (other === act || isFixed(other) ? [] : (own[other] ?? []))));
  return ACTS[act].keys.filter((key) => !taken.has(key));
}

const LEFT_ALONE = new Set(['Tab', 'Shift', 'Control', 'Alt', 'Meta', 'CapsLock', 'Dead', 'Process', 'Unidentified']);
/** With Ctrl or ⌘ these are the browser's, and it does not let them go. */
const OF_BROWSER = new Set(['mod+w', 'mod+t', 'mod+n', 'mod+q', 'mod+r', 'mod+l']);

/** Why a key cannot be given to an act; null where it can. */
export function clashOf(act: Act, key: string, own: OwnKeys): string | null {
  if (LEFT_ALONE.has(key) || OF_BROWSER.has(key)) return 'The browser keeps this key to itself; press another.';
  const other = ACT_NAMES.find((one) => one !== act && keysOf(one, own).includes(key));
  return other === undefined ? null : `It is taken by “${ACTS[other].label}”; press another, or change that one first.`;
}

/** The own keys with one more; what is as the page has it is left out. */
export function withKey(act: Act, key: string, own: OwnKeys): OwnKeys {
  const rest = Object.fromEntries(Object.entries(own).filter(([other]) => other !== act));
  const isUsual = ACTS[act].keys.length === 1 && (ACTS[act].keys as readonly string[]).includes(key);
  return isUsual ? rest : { ...rest, [act]: key };
}

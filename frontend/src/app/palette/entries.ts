/** What the palette can do besides finding the lab's own things, and how words find it. */

export type Entry = {
  id: string;
  label: string;
  /** A few words more, shown smaller. */
  note?: string;
  /** Words that find it and are not shown. */
  alias?: string;
  /** The page that it opens, … */
  to?: string;
  /** … or what it does; the palette stays open when this answers "stay". */
  act?: () => unknown;
};

type Rights = { isAdmin: boolean; isStaff: boolean };

/** Every page that needs no thing to be chosen first, as far as the person may open it. */
export function pageEntries({ isAdmin, isStaff }: Rights): Entry[] {
  const pages: Entry[] = [
    { id: '/', label: 'Home', note: 'datasets and runs', to: '/' },
    { id: '/upload', label: 'Upload', note: 'a new dataset', alias: 'send images zip archive', to: '/upload' },
    { id: '/recipes', label: 'Recipes', note: 'saved ones', to: '/recipes' },
    { id: '/models', label: 'Models', note: 'what each is good at and needs', alias: 'help', to: '/models' },
    { id: '/studies', label: 'Studies', note: 'does it help?', alias: 'accuracy compare classifier', to: '/studies' },
    { id: '/queue', label: 'Queue', note: 'what runs and what waits', to: '/queue' },
    { id: '/live-link', label: 'Live progress does not move', alias: 'link socket news stuck', to: '/live-link' },
    { id: '/storage', label: 'Storage', note: 'what the lab stores', alias: 'quota disk space bytes', to: '/storage' },
    { id: '/people', label: 'People', note: 'members and roles', alias: 'invite lab', to: '/people' },
    { id: '/account', label: 'Account', alias: 'password name', to: '/account' },
    { id: '/tokens', label: 'API tokens', alias: 'key program', to: '/tokens' },
  ];
  if (isAdmin)
    pages.push(
      { id: '/log', label: 'Log', note: 'who did what in the lab', to: '/log' },
      { id: '/webhook', label: 'Webhook', note: 'tells another service of runs', alias: 'notify', to: '/webhook' },
    );
  if (isStaff)
    pages.push(
      { id: '/server', label: 'Everybody on this server', alias: 'accounts staff labs', to: '/server' },
      { id: '/workers', label: 'Workers', note: 'machines, GPUs and what runs', alias: 'memory', to: '/workers' },
    );
  return pages;
}

/** The entries in which words begin as those of the query do, those whose label begins with it first. */
export function matching(entries: Entry[], query: string): Entry[] {
  const asked = query.trim().toLowerCase();
  const found = entries.filter((entry) => hasWords(entry, asked));
  const begins = (entry: Entry) => (entry.label.toLowerCase().startsWith(asked) ? 0 : 1);
  return found.toSorted((one, other) => begins(one) - begins(other));
}

function hasWords({ label, note = '', alias = '' }: Entry, asked: string): boolean {
  const text = ` ${label} ${note} ${alias}`.toLowerCase();
  return asked.split(/\s+/).every((word) => text.includes(` ${word}`));
}

import { useLocalStorage } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { wordsOf, type RunState } from './words';

const MAX_WATCHED = 10;

/** The runs of whose end this browser tells, wherever in the service one is. */
export function useWatchedRuns() {
  const [ids, set] = useLocalStorage<string[]>({ key: 'atelier-notices', defaultValue: [] });
  return {
    ids,
    add: (id: string) => set((before) => [...before.filter((one) => one !== id), id].slice(-MAX_WATCHED)),
    remove: (id: string) => set((before) => before.filter((one) => one !== id)),
  };
}

/** Whether the browser shows notices of its own, beside the pages. Only asked for when a person pressed the button. */
export async function askPermission(): Promise<boolean> {
  if (typeof Notification === 'undefined') return false;
  return (await Notification.requestPermission()) === 'granted';
}

/** Says on the page, and where it may beside it, how a run ended. */
export function announce(title: string, state: RunState): void {
  const { label, tone } = wordsOf(state);
  notifications.show({ title: label, message: title, color: tone === 'bad' ? 'red' : 'teal', autoClose: false });
  if (typeof Notification !== 'undefined' && Notification.permission === 'granted')
    new Notification(`${label}: ${title}`);
}

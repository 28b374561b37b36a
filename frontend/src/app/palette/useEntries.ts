import { useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { BASE_PATH } from '@/api/basePath';
import { api } from '@/api/client';
import { useLab } from '@/api/lab';
import { sessionOptions } from '@/api/session';
import { logOut } from '../logOut';
import { pageEntries, type Entry } from './entries';

/** The pages and acts of the person who is here, and the help pages. */
export function useEntries(): { pages: Entry[]; acts: Entry[]; help: Entry[] } {
  const { data: session } = useQuery(sessionOptions);
  const { lab, labs, choose, may } = useLab();
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const { setColorScheme } = useMantineColorScheme();
  const acts: Entry[] = [
    ...labs
      .filter((one) => one.id !== lab?.id)
      .map((one) => ({ id: `lab ${one.id}`, label: `Change to ${one.name}`, alias: 'lab', act: () => choose(one.id) })),
    { id: 'light', label: 'Light colours', alias: 'scheme theme', act: () => setColorScheme('light') },
    { id: 'dark', label: 'Dark colours', alias: 'scheme theme', act: () => setColorScheme('dark') },
    { id: 'auto', label: 'Colours of the system', alias: 'scheme theme', act: () => setColorScheme('auto') },
    {
      id: 'reference',
      label: 'API reference',
      alias: 'openapi schema',
      act: () => window.location.assign(`${BASE_PATH}/api/schema/view/`),
    },
    { id: 'log out', label: 'Log out', alias: 'leave sign', act: () => void logOut() },
  ];
  return {
    pages: pageEntries({ isAdmin: may('admin'), isStaff: session?.person?.is_staff === true }),
    acts,
    help: (catalogue?.models ?? []).map(({ name, card }) => ({
      id: `/models/${name}`,
      label: card.title,
      note: 'help page of the model',
      alias: name,
      to: `/models/${name}`,
    })),
  };
}

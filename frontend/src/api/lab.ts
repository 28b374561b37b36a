import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { includes, sessionOptions, type Lab, type Role } from './session';

type Choice = {
  lab: Lab | null;
  labs: Lab[];
  choose: (id: string) => void;
  /** Whether the person's role in this lab includes `role`. */
  may: (role: Role) => boolean;
};

/** The lab one works in: the one chosen last on this machine, else the first. */
export function useLab(): Choice {
  const { data: session } = useQuery(sessionOptions);
  const [chosen, choose] = useLocalStorage({ key: 'atelier-lab', defaultValue: '', getInitialValueInEffect: false });
  const labs = session?.labs ?? [];
  const lab = labs.find((one) => one.id === chosen) ?? labs[0] ?? null;
  return { lab, labs, choose, may: (role) => lab !== null && includes(lab.role, role) };
}

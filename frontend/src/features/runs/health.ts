import type { Schemas } from '@/api/client';
import { words } from '@/components/format';

type Run = Schemas['Run'];
type Judgement = Schemas['Judgement'];
type Action = Schemas['HealthAction'];

const TITLES: Record<string, string> = {
  overfitting: 'D overfits',
  collapse: 'Collapse',
  no_variety: 'No variety',
  won: 'D has won',
  diverging: 'Training diverges',
};

/** A judgement's name in a word or two; a code of a later version as it is. */
export function titleOf({ code }: Judgement): string {
  return TITLES[code] ?? words(code);
}

/** What holds, the newest first, and what is over. */
export function sorted(judgements: Judgement[]): { holding: Judgement[]; over: Judgement[] } {
  const rising = [...judgements].sort((a, b) => b.since - a.since);
  return {
    holding: rising.filter((one) => one.until === null),
    over: rising.filter((one) => one.until !== null),
  };
}

/** What can still be asked of this run; another run with a setting changed can always be started. */
export function possible(actions: Action[], run: Pick<Run, 'actions'>): Action[] {
  return actions.filter(({ kind }) => kind === 'change' || run.actions.includes(kind));
}

/** What a change says on its button: "learning rate D 0.0001". */
export function changeInWords({ setting, value }: Action): string {
  const name = words(setting ?? '');
  if (typeof value === 'boolean') return value ? name : `no ${name}`;
  return `${name} ${typeof value === 'string' ? value.replaceAll(',', ', ') : JSON.stringify(value)}`;
}

const SETTLED: Run['state'][] = ['finished', 'stopped', 'failed'];

/**
 * The step to go back to for a change, or null where the run must begin anew: its checkpoint is kept once the run has
 * ended, and a setting that shapes the networks cannot be changed under it.
 */
export function stepBack(
  { setting }: Action,
  { state, health }: Pick<Run, 'state' | 'health'>,
  shaping: Record<string, string>,
): number | null {
  if (health === null || !SETTLED.includes(state) || (setting ?? '') in shaping) return null;
  const { best_step, step } = health;
  return best_step !== null && best_step < step ? best_step : null;
}

/** The form of a new run like this one with the change made, from the checkpoint of a step or from the beginning. */
export function changeLink({ setting, value }: Action, run: Pick<Run, 'id' | 'version'>, from: number | null): string {
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  const search = new URLSearchParams({ version: run.version, like: run.id, set: `${setting ?? ''}:${written}` });
  if (from !== null)
    for (const [name, to] of [
      ['start', 'continue'],
      ['from', run.id],
      ['step', String(from)],
    ] as const)
      search.set(name, to);
  return `/runs/new?${search.toString()}`;
}

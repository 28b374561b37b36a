import type { Schemas } from '@/api/client';
import type { Values } from '@/components/SettingsForm/fields';
import type { Draft } from './draft';

export type Way = Schemas['StartRequest']['way'];
type Run = Schemas['Run'];

/** A checkpoint of an earlier run that the new one starts from; without a step, that run's best one. */
export type Start = { run: Run; way: Way; step: number | null; kept: Schemas['Checkpoint'][] };

export const TITLES: Record<Way, string> = {
  generate: 'More samples',
  continue: 'Continue training',
  reuse: 'Train on another version',
};

export const SUMMARIES: Record<Way, string> = {
  generate: 'Sampler, budget and seed are chosen anew; the model stays as it was trained.',
  continue: 'Training goes on to more steps; what shapes the networks stays, the rest may change.',
  reuse: 'The weights of a checkpoint learn other images of the same classes.',
};

/** The checkpoint that is meant: the one named, to continue the newest, else (null) the run's best one. */
export function stepOf(named: string | null, way: Way, kept: { step: number }[]): number | null {
  if (named !== null && /^[0-9]+$/.test(named)) return Number(named);
  return way === 'continue' ? (kept.at(-1)?.step ?? null) : null;
}

export function wayOf(text: string | null): Way | null {
  return text === 'generate' || text === 'continue' || text === 'reuse' ? text : null;
}

/** What the service is asked for. */
export function asked(start: Start | null): { start?: Schemas['StartRequest'] } {
  if (start === null) return {};
  const { run, way, step } = start;
  return { start: { run: run.id, way, ...(step === null ? {} : { step }) } };
}

/**
 * The draft that a start suggests: other images for more samples; as many steps again for more training, but no more
 * than before where it goes on from a step within them.
 */
export function withStart(draft: Draft, { run, way, step }: Start): Draft {
  if (way === 'generate') {
    const seeds = [run.recipe.seed, ...run.children.map((child) => child.seed)];
    return { ...draft, seed: Math.max(...seeds) + 1 };
  }
  const steps = draft.model_settings.num_steps;
  if (way === 'continue' && typeof steps === 'number' && steps > 0 && (step === null || step >= steps))
    return { ...draft, model_settings: { ...draft.model_settings, num_steps: 2 * steps } };
  return draft;
}

const PREPARED_BY = ['resolution', 'fit', 'channels'];

/** Settings of the model that stay as the checkpoint has them. */
export function fixedSettings(way: Way, shaping: Record<string, string>): string[] {
  const shapes = Object.keys(shaping).filter((name) => shaping[name] === 'value');
  return way === 'continue' ? [...new Set([...shapes, ...PREPARED_BY])] : shapes;
}

/** `resolution 32, width 8`: settings as they were trained. */
export function settingsSentence(names: string[], values: Values): string {
  return names
    .filter((name) => name in values)
    .map((name) => `${name.replaceAll('_', ' ')} ${String(values[name]).replaceAll('_', ' ')}`)
    .join(', ');
}

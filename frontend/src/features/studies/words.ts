import type { Schemas } from '@/api/client';
import { words } from '@/components/format';
import type { Tone } from '@/components/StateLabel';

type Study = Schemas['StudyListItem'];
type State = Study['state'];
export type Answer = NonNullable<Study['answer']>;

const STATES: Record<State, { label: string; tone: Tone }> = {
  queued: { label: 'Queued', tone: 'waiting' },
  running: { label: 'Running', tone: 'active' },
  finished: { label: 'Finished', tone: 'good' },
  stopped: { label: 'Stopped', tone: 'idle' },
  failed: { label: 'Failed', tone: 'bad' },
  cancelled: { label: 'Cancelled', tone: 'idle' },
  interrupted: { label: 'Interrupted', tone: 'warn' },
};

export const ANSWERS: Record<Answer, { label: string; tone: Tone }> = {
  helped: { label: 'Helped', tone: 'good' },
  no_evidence: { label: 'No evidence', tone: 'waiting' },
  hurt: { label: 'Hurt', tone: 'bad' },
};

const MOVING = new Set<State>(['queued', 'running', 'interrupted']);

/** Whether it may still change by itself. */
export function isMoving(state: State): boolean {
  return MOVING.has(state);
}

export function stateOf({ state, is_stopping }: Pick<Study, 'state' | 'is_stopping'>): { label: string; tone: Tone } {
  return is_stopping ? { label: 'Stopping', tone: 'active' } : STATES[state];
}

export function studyTitle({ name, model, dataset_name }: Pick<Study, 'name' | 'model' | 'dataset_name'>): string {
  return name === '' ? `Does ${model} help on ${dataset_name}?` : name;
}

/** What the state means for the person who looks, in one sentence. */
export function sentenceFor(study: Pick<Study, 'state' | 'is_stopping' | 'progress'>): string {
  const { part, generator, num_generators, stage } = study.progress;
  if (study.is_stopping) return 'It ends as soon as its worker has heard of it.';
  switch (study.state) {
    case 'queued':
      return 'It waits for a worker.';
    case 'running':
      if (part === 'generators')
        return `Generator ${generator} of ${num_generators} is made${stage === '' ? '' : `: ${words(stage)}`}.`;
      return part === 'children' ? 'Child networks are trained, each arm for the same number of steps.' : 'It begins.';
    case 'finished':
      return 'Every child network is trained and tested.';
    case 'stopped':
      return 'Stopped with everything saved; resume trains only what is missing.';
    case 'failed':
      return 'It ended with the error below; resume trains only what is missing.';
    case 'cancelled':
      return 'Given up; its files were removed.';
    case 'interrupted':
      return 'Its worker vanished; it goes on by itself with what is missing.';
  }
}

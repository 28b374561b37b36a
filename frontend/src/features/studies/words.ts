import type { Schemas } from '@/api/client';
import { words } from '@/components/format';
import type { Tone } from '@/components/StateLabel';
import { shortened } from './attributes';

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

type Titled = Pick<Study, 'name' | 'question' | 'model' | 'dataset_name'>;

export function studyTitle({ name, question, model, dataset_name }: Titled): string {
  if (name !== '') return name;
  return question === 'attributes' ? `Which edits work on ${dataset_name}?` : `Does ${model} help on ${dataset_name}?`;
}

/** What the state means for the person who looks, in one sentence. */
export function sentenceFor(study: Pick<Study, 'question' | 'state' | 'is_stopping' | 'progress'>): string {
  const { part, generator, num_generators, stage, arm, seed } = study.progress;
  if (study.is_stopping) return 'It ends as soon as its worker has heard of it.';
  switch (study.state) {
    case 'queued':
      return 'It waits for a worker.';
    case 'running':
      if (part === 'generators')
        return `Generator ${generator} of ${num_generators} is made${stage === '' ? '' : `: ${words(stage)}`}.`;
      if (part === 'arts') return `Training ${generator} of ${num_generators}: ${shortened(arm)}, seed ${seed}.`;
      if (study.question === 'attributes') return 'Images are prepared, and the classifier that judges learns.';
      return part === 'children' ? 'Child networks are trained, each arm for the same number of steps.' : 'It begins.';
    case 'finished':
      return study.question === 'attributes'
        ? 'Every training is done and measured.'
        : 'Every child network is trained and tested.';
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

import type { Tone } from '@/components/StateLabel';
import type { Schemas } from '@/api/client';
import { standing } from './queue';

export type RunState = Schemas['Run']['state'];

const WORDS: Record<RunState, { label: string; tone: Tone }> = {
  queued: { label: 'Queued', tone: 'waiting' },
  preparing: { label: 'Preparing', tone: 'active' },
  training: { label: 'Training', tone: 'active' },
  generating: { label: 'Generating', tone: 'active' },
  scoring: { label: 'Scoring', tone: 'active' },
  selecting: { label: 'Selecting', tone: 'active' },
  finished: { label: 'Finished', tone: 'good' },
  stopping: { label: 'Stopping', tone: 'active' },
  stopped: { label: 'Stopped', tone: 'idle' },
  failed: { label: 'Failed', tone: 'bad' },
  cancelled: { label: 'Cancelled', tone: 'idle' },
  interrupted: { label: 'Interrupted', tone: 'warn' },
};

export function wordsOf(state: RunState): { label: string; tone: Tone } {
  return WORDS[state];
}

type Told = Pick<
  Schemas['RunListItem'],
  'state' | 'queue_position' | 'starts_in_s' | 'over_limit' | 'finish_requested'
>;

/** What the state means for the person who looks, in one sentence. */
export function sentenceFor(run: Told): string {
  switch (run.state) {
    case 'queued':
      return standing(run);
    case 'preparing':
      return 'The training images are read and packed, and the encoder that measures quality learns them.';
    case 'training':
      return run.finish_requested
        ? 'Training ends with this step; then the best checkpoint draws the candidates.'
        : 'The model learns the training images.';
    case 'generating':
      return 'The trained model draws the candidates.';
    case 'scoring':
      return 'Every candidate is scored and compared with the training images.';
    case 'selecting':
      return 'The sampler decides which candidates are kept.';
    case 'finished':
      return 'The pool is ready to be reviewed and exported.';
    case 'stopping':
      return 'A checkpoint is being saved; then the run stops.';
    case 'stopped':
      return 'Stopped with everything saved; resume continues exactly from there.';
    case 'failed':
      return 'The run ended with the error below; resume continues from the last checkpoint.';
    case 'cancelled':
      return 'Given up; its checkpoints and files were removed.';
    case 'interrupted':
      return `It was interrupted and continues by itself from the last checkpoint. ${standing(run)}`;
  }
}

export const STAGES = [
  { name: 'prepare', label: 'Prepare', state: 'preparing' },
  { name: 'train', label: 'Train', state: 'training' },
  { name: 'generate', label: 'Generate', state: 'generating' },
  { name: 'score', label: 'Score', state: 'scoring' },
  { name: 'select', label: 'Select', state: 'selecting' },
] as const;

export type Stage = (typeof STAGES)[number]['name'];

const ACTIVE = new Set<RunState>(['preparing', 'training', 'generating', 'scoring', 'selecting', 'stopping']);
const WAITING = new Set<RunState>(['queued', 'interrupted']);

/** Whether a worker is at it. */
export function isActive(state: RunState): boolean {
  return ACTIVE.has(state);
}

/** Whether it may still change by itself. */
export function isMoving(state: RunState): boolean {
  return ACTIVE.has(state) || WAITING.has(state);
}

/** Whether it waits for a worker. */
export function isWaiting(state: RunState): boolean {
  return WAITING.has(state);
}

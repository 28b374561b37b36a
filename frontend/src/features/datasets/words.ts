import type { Schemas } from '@/api/client';
import type { Tone } from '@/components/StateLabel';

export type VersionState = Schemas['DatasetVersion']['state'];

const WORDS: Record<VersionState, { label: string; tone: Tone }> = {
  queued: { label: 'Queued', tone: 'waiting' },
  ingesting: { label: 'Reading', tone: 'active' },
  interrupted: { label: 'Interrupted', tone: 'warn' },
  ready: { label: 'Ready', tone: 'good' },
  rejected: { label: 'Rejected', tone: 'bad' },
};

export function wordsOf(state: VersionState): { label: string; tone: Tone } {
  return WORDS[state];
}

/** Whether it may still change by itself. */
export function isMoving(state: VersionState): boolean {
  return state === 'queued' || state === 'ingesting' || state === 'interrupted';
}

export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];
export const OUTCOMES = ['accepted', 'duplicate', 'skipped', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

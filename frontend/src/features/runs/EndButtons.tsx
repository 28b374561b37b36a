import type { ButtonProps } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { AskButton } from '@/components/AskButton';
import { count } from '@/components/format';
import type { useAct } from './act';

type Props = ButtonProps & { act: ReturnType<typeof useAct> };

/** Save and leave, to go on later. */
export function StopButton({ act, ...button }: Props) {
  return (
    <AskButton
      verb="Stop"
      question="Stop this run?"
      loading={act.isPending}
      onConfirm={() => act.mutate('stop')}
      {...button}
    >
      A checkpoint is saved first. Resume continues later from exactly there.
    </AskButton>
  );
}

/** End training, and go on to the pool. */
export function FinishButton({ run, act, ...button }: Props & { run: Schemas['Run'] }) {
  const best = run.health?.best_step ?? null;
  return (
    <AskButton
      verb="Finish with the best"
      question="Finish training now?"
      loading={act.isPending}
      onConfirm={() => act.mutate('finish')}
      {...button}
    >
      No further step is trained. {best === null ? 'The newest checkpoint' : `The checkpoint of step ${count(best)}`}{' '}
      makes the images, and the run goes on to its pool.
    </AskButton>
  );
}

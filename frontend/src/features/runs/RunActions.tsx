import { Button } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { AskButton } from '@/components/AskButton';
import { useAct, useRetry, useSmallerMicroBatch, type Act } from './act';
import { FinishButton, StopButton } from './EndButtons';
import { MoreFromRun } from './MoreFromRun';

/** What a person can ask of a run in its state. */
export function RunActions({ run }: { run: Schemas['Run'] }) {
  const { may } = useLab();
  const act = useAct(run);
  const retry = useRetry(run);
  const can = (verb: Act | 'retry') => run.actions.includes(verb);
  if (!may('researcher')) return null;
  return (
    <>
      {(can('preview') || (run.state === 'training' && run.preview_requested)) && (
        <Button
          variant="default"
          onClick={() => act.mutate('preview')}
          loading={act.isPending || run.preview_requested}
        >
          Preview now
        </Button>
      )}
      {can('finish') && <FinishButton run={run} act={act} />}
      {can('stop') && <StopButton act={act} />}
      {can('resume') && (
        <Button onClick={() => act.mutate('resume')} loading={act.isPending}>
          Resume
        </Button>
      )}
      {can('retry') && (
        <Button variant="default" onClick={() => retry.mutate()} loading={retry.isPending}>
          Retry from the beginning
        </Button>
      )}
      {can('cancel') && (
        <AskButton
          verb="Cancel"
          question="Cancel this run for good?"
          loading={act.isPending}
          onConfirm={() => act.mutate('cancel')}
        >
          Training ends at once, and its checkpoints, previews and pool are removed. This cannot be undone. To continue
          later, stop it instead.
        </AskButton>
      )}
      {run.origin === null && (
        <>
          <MoreFromRun run={run} />
          <Button component={Link} to={`/runs/new?version=${run.version}&like=${run.id}`} variant="default">
            Run again, changed
          </Button>
        </>
      )}
    </>
  );
}

/** Going on after the memory was not enough, with fewer images at once. */
export function SmallerMicroBatch({ run }: { run: Schemas['Run'] }) {
  const { may } = useLab();
  const go = useSmallerMicroBatch(run);
  const size = run.smaller_micro_batch;
  if (size === null || !may('researcher')) return null;
  return (
    <Button size="xs" mt="xs" loading={go.isPending} onClick={() => go.mutate(size)}>
      Go on with a micro-batch of {size}
    </Button>
  );
}

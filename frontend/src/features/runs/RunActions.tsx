import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'react-router';
import { http, queries, take, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { AskButton } from '@/components/AskButton';

type Act = 'stop' | 'resume' | 'cancel';

const PATHS = {
  stop: '/api/v1/runs/{id}/stop/',
  resume: '/api/v1/runs/{id}/resume/',
  cancel: '/api/v1/runs/{id}/cancel/',
} as const;

/** What a person can ask of a run in its state. */
export function RunActions({ run }: { run: Schemas['Run'] }) {
  const { may } = useLab();
  const init = { params: { path: { id: run.id } } };
  const act = useMutation({
    mutationFn: (verb: Act) => take(http.POST(PATHS[verb], init)),
    onSuccess: (changed) => queries.setQueryData(['get', '/api/v1/runs/{id}/', init], changed),
    onError: (error) => notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) }),
  });
  const can = (verb: Act) => run.actions.includes(verb);
  if (!may('researcher')) return null;
  return (
    <>
      {can('stop') && (
        <AskButton verb="Stop" question="Stop this run?" loading={act.isPending} onConfirm={() => act.mutate('stop')}>
          A checkpoint is saved first. Resume continues later from exactly there.
        </AskButton>
      )}
      {can('resume') && (
        <Button onClick={() => act.mutate('resume')} loading={act.isPending}>
          Resume
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
      <Button component={Link} to={`/runs/new?version=${run.version}&like=${run.id}`} variant="default">
        Run again, changed
      </Button>
    </>
  );
}

import { Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { count } from '@/components/format';
import { Panel } from '@/components/Page';
import { useAct } from './act';
import { FinishButton, StopButton } from './EndButtons';
import { changeInWords, changeLink, possible, sorted, stepBack, titleOf } from './health';
import classes from './HealthPanel.module.css';

type Run = Schemas['Run'];

/** How training fares: what goes wrong, since when, and what can be done about it; one line where nothing does. */
export function HealthPanel({ run }: { run: Run }) {
  if (run.health === null) return null;
  const { step, judgements } = run.health;
  const { holding, over } = sorted(judgements);
  return (
    <Panel title="Health">
      <Stack gap="md">
        {holding.length === 0 && (
          <Text size="sm" className={classes.line}>
            <IconCircleCheck aria-hidden size={18} className={classes.well} />
            <span>Nothing stood out when the model was last looked at, at step {count(step)}.</span>
          </Text>
        )}
        {holding.map((judgement) => (
          <Holding key={judgement.code} judgement={judgement} run={run} />
        ))}
        <Ends actions={holding.flatMap((judgement) => judgement.actions)} run={run} />
        {over.map((judgement) => (
          <Text key={judgement.code} size="sm" c="dimmed">
            {titleOf(judgement)}, from step {count(judgement.since)}, over at step {count(judgement.until ?? 0)}.
          </Text>
        ))}
      </Stack>
    </Panel>
  );
}

function Holding({ judgement, run }: { judgement: Schemas['Judgement']; run: Run }) {
  return (
    <div className={classes.line}>
      <IconAlertTriangle aria-hidden size={18} className={classes.ill} />
      <div>
        <Text size="sm">
          <Text span inherit fw={600}>
            {titleOf(judgement)}, since step {count(judgement.since)}
          </Text>
          <br />
          {judgement.message}
        </Text>
        <Changes actions={judgement.actions} run={run} />
      </div>
    </div>
  );
}

type ActionsProps = { actions: Schemas['HealthAction'][]; run: Run };

/** What could be done differently next time, one button for each. */
function Changes({ actions, run }: ActionsProps) {
  const { may } = useLab();
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const shaping = catalogue?.models.find((one) => one.name === run.model)?.shaping;
  const changes = actions.filter(({ kind }) => kind === 'change');
  if (!may('researcher') || changes.length === 0) return null;
  return (
    <Group gap="xs" mt="xs">
      {changes.map((change) => {
        const from = shaping === undefined ? null : stepBack(change, run, shaping);
        return (
          <Button
            key={change.setting}
            size="xs"
            variant="default"
            component={Link}
            to={changeLink(change, run, from)}
            className={classes.change}
          >
            {from === null ? 'Run again' : `Go back to step ${count(from)}`} with {changeInWords(change)}
          </Button>
        );
      })}
    </Group>
  );
}

/** What ends this training; said once, whatever number of judgements asks for it. */
function Ends({ actions, run }: ActionsProps) {
  const { may } = useLab();
  const act = useAct(run);
  const kinds = possible(actions, run).map(({ kind }) => kind);
  if (!may('researcher') || !(kinds.includes('finish') || kinds.includes('stop'))) return null;
  return (
    <Group gap="xs">
      {kinds.includes('finish') && <FinishButton size="xs" run={run} act={act} />}
      {kinds.includes('stop') && <StopButton size="xs" act={act} />}
    </Group>
  );
}

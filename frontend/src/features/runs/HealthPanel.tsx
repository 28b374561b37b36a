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
        <Actions actions={judgement.actions} run={run} />
      </div>
    </div>
  );
}

function Actions({ actions, run }: { actions: Schemas['HealthAction'][]; run: Run }) {
  const { may } = useLab();
  const act = useAct(run);
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const shaping = catalogue?.models.find((one) => one.name === run.model)?.shaping;
  const shown = possible(actions, run);
  if (!may('researcher') || shown.length === 0) return null;
  return (
    <Group gap="xs" mt="xs">
      {shown.map((action) => {
        if (action.kind === 'finish') return <FinishButton key="finish" size="xs" run={run} act={act} />;
        if (action.kind === 'stop') return <StopButton key="stop" size="xs" act={act} />;
        const from = shaping === undefined ? null : stepBack(action, run, shaping);
        return (
          <Button
            key={action.setting}
            size="xs"
            variant="default"
            component={Link}
            to={changeLink(action, run, from)}
            className={classes.change}
          >
            {from === null ? 'Run again' : `Go back to step ${count(from)}`} with {changeInWords(action)}
          </Button>
        );
      })}
    </Group>
  );
}

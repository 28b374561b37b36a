import { Anchor, Group, List, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { count } from '@/components/format';
import { Panel } from '@/components/Page';
import { runTitle } from '@/components/runTitle';
import { StateLabel } from '@/components/StateLabel';
import { wordsOf } from './words';

type Way = Schemas['Child']['way'];

/** Said of a run before the name of the one that it starts from. */
const FROM: Record<Way, string> = {
  generate: 'More samples from',
  continue: 'Continues',
  reuse: 'Reuses the weights of',
};
/** Said of a run beside its name, on the page of the one that it starts from. */
const BECAME: Record<Way, string> = {
  generate: 'more samples from step',
  continue: 'continues from step',
  reuse: 'reuses the weights of step',
};

/** “Continues X from step n”, with the way there; nothing for a run that started from nothing. */
export function StartedFrom({ run }: { run: Schemas['Run'] }) {
  if (run.start === null) return null;
  const { run: parent, way, step } = run.start;
  return (
    <span>
      {FROM[way]}{' '}
      <Anchor component={Link} to={`/runs/${parent.id}`} inherit>
        {runTitle(parent)}
      </Anchor>
      {way === 'continue' ? ` from step ${count(step)}` : `, step ${count(step)}`}
    </span>
  );
}

/** The runs that start from this one's checkpoints, the newest first. */
export function Children({ run }: { run: Schemas['Run'] }) {
  if (run.children.length === 0) return null;
  return (
    <Panel title="Runs that start from this one">
      <List listStyleType="none" spacing={6}>
        {run.children.map((child) => (
          <List.Item key={child.id}>
            <Group gap="xs">
              <Anchor component={Link} to={`/runs/${child.id}`} size="sm" fw={500}>
                {runTitle(child)}
              </Anchor>
              <Text size="sm" c="dimmed">
                {BECAME[child.way]} {count(child.step)}
                {child.way === 'reuse' && `, on ${child.dataset_name}, version ${child.version_number}`}
              </Text>
              <StateLabel tone={wordsOf(child.state).tone}>{wordsOf(child.state).label}</StateLabel>
            </Group>
          </List.Item>
        ))}
      </List>
    </Panel>
  );
}

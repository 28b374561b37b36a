import { Anchor, Group, Select, Stack, Text } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { count } from '@/components/format';
import { Panel } from '@/components/Page';
import { runTitle } from '@/components/runTitle';
import type { Start, Way } from './start';
import { useReadyVersions } from '@/components/useReadyVersions';

const SENTENCES: Record<Way, string> = {
  generate: 'Nothing is trained: the checkpoint draws other candidates, from a seed of their own.',
  continue: 'Training goes on from the checkpoint, with everything that it had learnt, to more steps in all.',
  reuse: 'Training begins at step 0 on these images, with the weights of the checkpoint instead of random ones.',
};

/** From which checkpoint of which run the new one starts; another may be chosen here, and other images to reuse it on. */
export function StartPanel({ start, version }: { start: Start; version: string }) {
  const { run, way, step, kept } = start;
  const [search, setSearch] = useSearchParams();
  const choose = (name: string, value: string | null) => {
    const next = new URLSearchParams(search);
    if (value !== null) next.set(name, value);
    setSearch(next, { replace: true });
  };
  const shown = step ?? (kept.find((one) => one.is_best) ?? kept.at(-1))?.step;
  return (
    <Panel title="What it starts from">
      <Stack gap="sm">
        <Text>
          A checkpoint of{' '}
          <Anchor component={Link} to={`/runs/${run.id}`}>
            {runTitle(run)}
          </Anchor>
          , trained on {run.dataset_name}, version {run.version_number}. {SENTENCES[way]}
        </Text>
        <Group align="flex-start">
          <Select
            label="Checkpoint"
            description="Those that the run keeps."
            data={kept.map((one) => ({
              value: String(one.step),
              label: `Step ${count(one.step)}${one.is_best ? ', the best' : ''}`,
            }))}
            value={shown === undefined ? null : String(shown)}
            onChange={(value) => choose('step', value)}
            allowDeselect={false}
            w={260}
            maw="100%"
          />
          {way === 'reuse' && (
            <VersionChoice lab={run.lab} version={version} onChoose={(id) => choose('version', id)} />
          )}
        </Group>
      </Stack>
    </Panel>
  );
}

/** The images to train on: any version of the lab; whether its classes fit is said by the service. */
function VersionChoice(props: { lab: string; version: string; onChoose: (id: string | null) => void }) {
  const { lab, version, onChoose } = props;
  const versions = useReadyVersions(lab);
  return (
    <Select
      label="Dataset version"
      description="With the same classes, at the same size."
      data={versions}
      value={version}
      onChange={onChoose}
      allowDeselect={false}
      searchable
      w={300}
      maw="100%"
    />
  );
}

import { Group, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { count, duration, measured, moment } from '@/components/format';
import { Panel, Stats } from '@/components/Page';
import { StageSteps } from './StageSteps';
import { isActive, isMoving, sentenceFor, STAGES, type Stage } from './words';

/** A worker that was silent for this long is said to be silent. */
const SILENT_AFTER_S = 15;

/** Where the run is: the state in a sentence, the stages, and the figures of the stage. */
export function ProgressPanel({ run }: { run: Schemas['Run'] }) {
  const silence = isActive(run.state) && run.last_heard_s !== null ? run.last_heard_s : 0;
  return (
    <Panel>
      <Group justify="space-between" mb="sm">
        <Text size="md">{sentenceFor(run)}</Text>
        {silence > SILENT_AFTER_S && (
          <Text size="sm" c="var(--warn)">
            The worker was last heard {duration(silence)} ago.
          </Text>
        )}
      </Group>
      <StageSteps state={run.state} stage={stageOf(run)} progress={run.stage_progress} />
      <div style={{ marginTop: 16 }}>
        <Stats stats={figuresOf(run)} />
      </div>
    </Panel>
  );
}

function stageOf(run: Schemas['Run']): Stage | null {
  const active = STAGES.find((stage) => stage.state === run.state);
  // A run that rests goes on with the first stage that is not done.
  const open = STAGES.find((stage) => !run.stages_done.includes(stage.name));
  return (active ?? open)?.name ?? null;
}

function figuresOf(run: Schemas['Run']) {
  const figures = [];
  if (run.num_steps > 0 && run.state !== 'finished')
    figures.push({ label: 'Step', value: `${count(run.step)} of ${count(run.num_steps)}` });
  if (isActive(run.state)) {
    if (run.images_per_s !== null) figures.push({ label: 'Speed', value: `${measured(run.images_per_s)} images/s` });
    if (run.eta_s !== null) figures.push({ label: 'Left in this stage', value: duration(run.eta_s) });
  }
  if (run.device !== '') figures.push({ label: 'Computed on', value: run.device });
  if (run.started_at !== null && run.finished_at !== null && !isMoving(run.state))
    figures.push({
      label: 'Took',
      value: duration((Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000),
    });
  figures.push({
    label: run.started_at === null ? 'Queued' : 'Started',
    value: moment(run.started_at ?? run.created_at),
  });
  return figures;
}

import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Columns, Panel } from '@/components/Page';
import { allFaultsUnder, faultsUnder, type Problem } from '@/components/SettingsForm/faults';
import { readFields } from '@/components/SettingsForm/fields';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import { ArtsPanel } from './ArtsPanel';
import { without, type Draft } from './draft';
import { StartStudy } from './StartStudy';
import { useCheck } from './useCheck';

type Props = { parts: Schemas['AttributeStudyParts']; version: string; first: Draft };

/** Which ways to edit attributes are compared, what they share, and how often each is trained. */
export function AttributeStudyForm({ parts, version, first }: Props) {
  const [draft, setDraft] = useState(first);
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const check = useCheck(version, draft);
  return (
    <Columns
      main={
        <>
          <ArtsPanel
            published={parts.arts}
            arts={draft.arms}
            onChange={(arms) => set({ arms })}
            faults={allFaultsUnder(check.problems, 'arms')}
          />
          <Panel title="Alike for all">
            <SettingsForm
              schema={parts.shared_schema}
              values={draft.model_settings}
              onChange={(model_settings) => set({ model_settings })}
              faults={faultsUnder(check.problems, 'model_settings')}
            />
            {strangersOf(parts, check.problems).map(([name, message]) => (
              <Group key={name} gap="sm" mt="md">
                <Text size="sm" c="var(--mantine-color-error)" role="status" style={{ overflowWrap: 'anywhere' }}>
                  {message}
                </Text>
                {name in draft.model_settings && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => set({ model_settings: without(draft.model_settings, name) })}
                  >
                    Leave {name} out
                  </Button>
                )}
              </Group>
            ))}
          </Panel>
          <Panel title="Trainings">
            <Stack gap="md">
              <SettingsForm
                schema={parts.schema}
                values={draft.settings}
                onChange={(settings) => set({ settings })}
                faults={faultsUnder(check.problems, 'settings')}
              />
              <Text size="xs" c="dimmed">
                With one training of each way nothing can be told apart; with two the intervals are wide, and three or
                more say most for their time.
              </Text>
            </Stack>
          </Panel>
        </>
      }
      aside={
        <StartStudy
          version={version}
          draft={draft}
          run={null}
          check={check}
          numSteps={stepsOf(parts, draft)}
          onName={(name) => set({ name })}
        />
      }
    />
  );
}

/** Faults of shared settings that the form has no field for, such as one that a past study had, by its name. */
function strangersOf({ shared_schema }: Schemas['AttributeStudyParts'], problems: Problem[]): [string, string][] {
  const drawn = new Set(readFields(shared_schema).map(({ name }) => name));
  return Object.entries(faultsUnder(problems, 'model_settings')).filter(([name]) => !drawn.has(name));
}

/** Steps of each training, as given or by default. */
function stepsOf({ shared_schema }: Schemas['AttributeStudyParts'], { model_settings }: Draft): number {
  const given = model_settings.num_steps ?? readFields(shared_schema).find(({ name }) => name === 'num_steps')?.initial;
  return typeof given === 'number' ? given : 0;
}

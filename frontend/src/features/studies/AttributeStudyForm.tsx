import { Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Columns, Panel } from '@/components/Page';
import { faultsUnder } from '@/components/SettingsForm/faults';
import { readFields } from '@/components/SettingsForm/fields';
import { SettingsForm } from '@/components/SettingsForm/SettingsForm';
import { ArtsPanel } from './ArtsPanel';
import type { Draft } from './draft';
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
            fault={Object.values(faultsUnder(check.problems, 'arms'))[0]}
          />
          <Panel title="Alike for all">
            <SettingsForm
              schema={parts.shared_schema}
              values={draft.model_settings}
              onChange={(model_settings) => set({ model_settings })}
              faults={faultsUnder(check.problems, 'model_settings')}
            />
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

/** Steps of each training, as given or by default. */
function stepsOf({ shared_schema }: Schemas['AttributeStudyParts'], { model_settings }: Draft): number {
  const given = model_settings.num_steps ?? readFields(shared_schema).find(({ name }) => name === 'num_steps')?.initial;
  return typeof given === 'number' ? given : 0;
}

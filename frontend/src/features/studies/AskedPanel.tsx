import { Anchor, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { BASE_PATH } from '@/api/basePath';
import { CopyLine } from '@/components/CopyLine';
import { moment, sentence, words } from '@/components/format';
import { Panel, Stats } from '@/components/Page';
import { armInWords } from './arms';
import { shortened } from './attributes';
import { commandFor, WAYS, type Way } from './commands';

/** What was asked, by whom and when, and the lines that ask the same without the browser. */
export function AskedPanel({ study }: { study: Schemas['Study'] }) {
  const [way, setWay] = useState<Way>('Command line');
  const isOfArts = study.question === 'attributes';
  return (
    <Panel title="What was asked">
      <Stack gap="md">
        <Stats
          stats={[
            ...(isOfArts ? alikeIn(study) : askedOf(study)),
            ...(study.device === '' ? [] : [{ label: 'Computed on', value: study.device }]),
            { label: 'Asked', value: moment(study.created_at) },
            ...(study.finished_at === null ? [] : [{ label: 'Ended', value: moment(study.finished_at) }]),
          ]}
        />
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {isOfArts
            ? `Ways: ${study.arms.map(shortened).join('; ')}.`
            : `Arms: ${study.arms.map(armInWords).join('; ')}.`}
        </Text>
        {study.run !== null && (
          <Text size="sm">
            Asked from{' '}
            <Anchor component={Link} to={`/runs/${study.run}`} underline="always" inherit>
              a run
            </Anchor>
            .
          </Text>
        )}
        <div>
          <SegmentedControl
            size="xs"
            mb="xs"
            aria-label="The same without the browser"
            data={[...WAYS]}
            value={way}
            onChange={(next) => setWay(next)}
          />
          <CopyLine text={commandFor(way, study, window.location.origin + BASE_PATH)} label={`the ${way} lines`} />
        </div>
      </Stack>
    </Panel>
  );
}

function alikeIn({ model_settings, settings }: Schemas['Study']) {
  return [
    { label: 'Seeds of each way', value: String(settings.num_seeds) },
    { label: 'First seed', value: String(settings.seed) },
    ...Object.entries(model_settings).map(([name, value]) => ({
      label: name === 'num_steps' ? 'Steps of each training' : sentence(words(name)),
      value: shortened(typeof value === 'string' ? value : JSON.stringify(value)),
    })),
  ];
}

function askedOf(study: Schemas['Study']) {
  return [
    {
      label: 'Model',
      value:
        study.model === 'imported' ? (
          'made elsewhere'
        ) : (
          <Anchor component={Link} to={`/models/${study.model}`} inherit>
            {study.model}
          </Anchor>
        ),
    },
    { label: 'Child network', value: String(study.settings.child) },
    { label: 'Steps of each child', value: String(study.settings.child_steps) },
    { label: 'Child seeds', value: String(study.settings.num_child_seeds) },
    study.pools.length > 0
      ? { label: 'Pools', value: String(study.pools.length) }
      : { label: 'Generator seeds', value: String(study.settings.num_generator_seeds) },
  ];
}

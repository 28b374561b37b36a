import { Button, Chip, Group, NumberInput, Radio, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { words } from '@/components/format';
import { Panel } from '@/components/Page';
import { armInWords, armOf } from './arms';
import { presetOf } from './draft';

type Props = {
  study: Schemas['StudyParts'];
  samplers: Schemas['SamplerPlugin'][];
  arms: string[];
  onChange: (arms: string[]) => void;
  fault: string | undefined;
};

/** Which ways to train are compared: a preset, or any arms. */
export function ArmsPanel({ study, samplers, arms, onChange, fault }: Props) {
  const preset = presetOf(study.presets, arms);
  return (
    <Panel title="Arms">
      <Stack gap="lg">
        <Radio.Group
          label="Begin with"
          value={preset}
          onChange={(name) => onChange(study.presets.find((one) => one.name === name)?.arms ?? arms)}
        >
          <Stack gap="xs" mt={6}>
            {study.presets.map(({ name, title, summary }) => (
              <Radio key={name} value={name} label={title} description={summary} />
            ))}
          </Stack>
        </Radio.Group>
        <TagsInput
          label="What is compared"
          description="Each arm is one way to train the child network; one without synthetic images is what the others must beat."
          data={[...new Set(study.presets.flatMap((one) => one.arms))]}
          value={arms}
          onChange={onChange}
          splitChars={[',', ' ']}
          error={fault}
          clearable
        />
        <MakeArm parts={study.parts} samplers={samplers} taken={arms} onMake={(arm) => onChange([...arms, arm])} />
      </Stack>
    </Panel>
  );
}

type MakeArmProps = {
  /** Part of an arm -> what it does. */
  parts: Record<string, string>;
  samplers: Schemas['SamplerPlugin'][];
  taken: string[];
  onMake: (arm: string) => void;
};

/** An arm put together by hand; what it will be stands below in words. */
function MakeArm({ parts, samplers, taken, onMake }: MakeArmProps) {
  const [plain, setPlain] = useState<string[]>(['balanced', 'geometric']);
  const [sampler, setSampler] = useState<string | null>(null);
  const [amount, setAmount] = useState('1x');
  const [percent, setPercent] = useState<number | string>(25);
  const share = typeof percent === 'number' ? percent : null;
  const arm = armOf({ plain, synthetic: sampler === null ? null : { sampler, amount, percent: share } });
  const meanings = plain.flatMap((part) => (parts[part] === undefined ? [] : [`${words(part)}: ${parts[part]}`]));
  return (
    <Stack gap="sm" component="fieldset" bd={0} p={0} m={0}>
      <Text component="legend" size="sm" fw={600}>
        Make an arm
      </Text>
      <Chip.Group multiple value={plain} onChange={setPlain}>
        <Group gap={6}>
          {Object.keys(parts)
            .filter((part) => part !== 'none')
            .map((part) => (
              <Chip key={part} value={part} size="xs" title={parts[part]}>
                {words(part)}
              </Chip>
            ))}
        </Group>
      </Chip.Group>
      <Group align="flex-start" gap="sm">
        <Select
          label="Synthetic images by"
          placeholder="none"
          data={samplers.map((one) => ({ value: one.name, label: words(one.name) }))}
          value={sampler}
          onChange={setSampler}
          clearable
          w={200}
        />
        {sampler !== null && (
          <>
            <TextInput
              label="Amount"
              description="1x, 5x, 200 a class, fill"
              value={amount}
              onChange={(event) => setAmount(event.currentTarget.value)}
              inputWrapperOrder={['label', 'input', 'description']}
              w={150}
            />
            <NumberInput
              label="Share of each batch"
              description="empty: by their number"
              suffix=" %"
              min={1}
              max={99}
              value={percent}
              onChange={setPercent}
              inputWrapperOrder={['label', 'input', 'description']}
              w={170}
            />
          </>
        )}
      </Group>
      <Group gap="sm">
        <Button variant="default" size="xs" disabled={taken.includes(arm)} onClick={() => onMake(arm)}>
          Add this arm
        </Button>
        <Text size="sm">{armInWords(arm)}</Text>
      </Group>
      {meanings.length > 0 && (
        <Text size="xs" c="dimmed">
          {meanings.join('; ')}.
        </Text>
      )}
    </Stack>
  );
}

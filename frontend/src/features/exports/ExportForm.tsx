import { Button, NumberInput, Radio, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { http, take, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Fault } from '@/components/Fault';
import { count, plural, words } from '@/components/format';
import { Panel } from '@/components/Page';
import { FormatSelect } from './FormatSelect';
import { useEstimate } from './estimate';
import { isReason, NearCopies } from './NearCopies';
import { Preview } from './Preview';

type Content = Schemas['Export']['content'];

const CONTENTS: { value: Content; label: string; description: string }[] = [
  {
    value: 'both',
    label: 'Real and synthetic',
    description: 'Every real image, and the chosen samples in the training split.',
  },
  { value: 'synthetic', label: 'Synthetic only', description: 'The chosen samples.' },
  { value: 'real', label: 'Real only', description: 'The dataset version as it is, in the same layout.' },
];

/** What the export shall hold. */
export function ExportForm({ pool, selection: asked }: { pool: Schemas['Pool']; selection: string | null }) {
  const { may } = useLab();
  const ready = pool.selections.filter((one) => one.state === 'finished');
  const [selection, setSelection] = useState(ready.find((one) => one.id === asked)?.id ?? ready[0]?.id ?? '');
  const [format, setFormat] = useState('image_folder');
  const [content, setContent] = useState<Content>('both');
  const [acceptedOnly, setAcceptedOnly] = useState(false);
  const [maxRatio, setMaxRatio] = useState<number | null>(null);
  const [name, setName] = useState('');
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const chosen = {
    selection,
    format,
    content,
    accepted_only: acceptedOnly,
    max_ratio: content === 'real' ? null : maxRatio,
    name,
    memorised_reason: '',
  };
  const estimate = useEstimate(chosen, selection !== '');
  const refusal = estimate.data?.refusal ?? '';
  const wish = { ...chosen, memorised_reason: refusal === '' ? '' : reason.trim() };
  const build = useMutation({
    mutationFn: () => take(http.POST('/api/v1/exports/', { body: wish })),
    onSuccess: async () => {
      setReason('');
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/exports/'] });
      // The new one is the first of the list, which the long form may have pushed out of sight.
      window.scrollTo(0, 0);
    },
    // Verdicts of others may have changed what it would hold.
    onError: () => estimate.refetch(),
  });
  if (!may('researcher'))
    return (
      <Panel title="New export">
        <Text size="sm">
          Building an export needs the role researcher; what is ready can be downloaded by everybody.
        </Text>
      </Panel>
    );
  return (
    <Panel title="New export">
      <Stack gap="md">
        <Select
          label="Selection"
          allowDeselect={false}
          data={ready.map((one) => ({
            value: one.id,
            label: `${one.number}: ${words(one.sampler)}, ${count(one.num_kept)} kept`,
          }))}
          value={selection}
          onChange={(id) => setSelection(id ?? '')}
        />
        <FormatSelect value={format} onChange={setFormat} />
        <Radio.Group label="Content" value={content} onChange={(value) => setContent(value)}>
          <Stack gap="xs" mt={4}>
            {CONTENTS.map((one) => (
              <Radio key={one.value} {...one} />
            ))}
          </Stack>
        </Radio.Group>
        {content !== 'real' && (
          <NumberInput
            label="Synthetic images per real one, at most"
            description="For each class, counted on its training images; the best ranked stay. Empty: no cap."
            min={0}
            max={1000}
            step={0.5}
            decimalScale={3}
            value={maxRatio ?? ''}
            onChange={(value) => setMaxRatio(value === '' ? null : Number(value))}
          />
        )}
        {content !== 'real' && (
          <Switch
            label="Only accepted samples"
            description={`Otherwise everything selected and not rejected. Accepted in this pool: ${plural(pool.num_accepted, 'sample')}.`}
            checked={acceptedOnly}
            onChange={(event) => setAcceptedOnly(event.currentTarget.checked)}
          />
        )}
        <TextInput
          label="Name (optional)"
          maxLength={120}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        {selection !== '' && <Preview wish={wish} />}
        {refusal !== '' && (
          <NearCopies run={pool.run} selection={selection} refusal={refusal} reason={reason} onChange={setReason} />
        )}
        <Fault error={build.error} />
        <Button
          onClick={() => build.mutate()}
          loading={build.isPending}
          disabled={selection === '' || (refusal !== '' && !isReason(reason))}
        >
          Build the export
        </Button>
      </Stack>
    </Panel>
  );
}

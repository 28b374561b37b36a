import { Button, Radio, Select, Stack, Switch, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, http, take, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Fault } from '@/components/Fault';
import { count, plural, words } from '@/components/format';
import { Panel } from '@/components/Page';

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
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const queries = useQueryClient();
  const build = useMutation({
    mutationFn: () =>
      take(http.POST('/api/v1/exports/', { body: { selection, format, content, accepted_only: acceptedOnly } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/api/v1/exports/'] }),
  });
  const chosen = catalogue?.export_formats.find((one) => one.name === format);
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
        <Select
          label="Format"
          description={chosen && `${chosen.card.summary} ${chosen.card.limits}`}
          allowDeselect={false}
          data={(catalogue?.export_formats ?? []).map((one) => ({ value: one.name, label: one.card.title }))}
          value={format}
          onChange={(name) => setFormat(name ?? 'image_folder')}
        />
        <Radio.Group label="Content" value={content} onChange={(value) => setContent(value)}>
          <Stack gap="xs" mt={4}>
            {CONTENTS.map((one) => (
              <Radio key={one.value} {...one} />
            ))}
          </Stack>
        </Radio.Group>
        {content !== 'real' && (
          <Switch
            label="Only accepted samples"
            description={`Otherwise everything selected and not rejected. Accepted in this pool: ${plural(pool.num_accepted, 'sample')}.`}
            checked={acceptedOnly}
            onChange={(event) => setAcceptedOnly(event.currentTarget.checked)}
          />
        )}
        <Fault error={build.error} />
        <Button onClick={() => build.mutate()} loading={build.isPending} disabled={selection === ''}>
          Build the export
        </Button>
      </Stack>
    </Panel>
  );
}

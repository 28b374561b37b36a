import { Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import { api, http, take, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Fault } from '@/components/Fault';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { ExportList } from './ExportList';
import { FormatSelect } from './FormatSelect';
import { Preview } from './Preview';

/** A dataset version taken away as it is, without any run. */
export function VersionExportPage() {
  const { datasetId = '', number = '' } = useParams();
  const { data, error, refetch } = api.useQuery('get', '/api/v1/datasets/{id}/', {
    params: { path: { id: datasetId } },
  });
  const version = data?.versions.find((one) => one.number === Number(number));
  if (data === undefined || version === undefined)
    return <PagePending title="Export" error={error} onRetry={() => void refetch()} />;
  const crumbs = [
    { label: 'Home', to: '/' },
    { label: `${data.name}, version ${version.number}`, to: `/datasets/${data.id}/${version.number}` },
  ];
  return (
    <Page>
      <PageHead
        title="Export"
        crumbs={crumbs}
        summary="The real images of this version as one file, with a row for every image. Synthetic ones are exported from a run."
      />
      <Columns main={<ExportList of={{ version: version.id }} />} aside={<VersionForm version={version} />} />
    </Page>
  );
}

function VersionForm({ version }: { version: Schemas['DatasetVersion'] }) {
  const { may } = useLab();
  const [format, setFormat] = useState('image_folder');
  const [name, setName] = useState('');
  const wish = { version: version.id, format, accepted_only: false, memorised_reason: '', name };
  const queries = useQueryClient();
  const build = useMutation({
    mutationFn: () => take(http.POST('/api/v1/exports/', { body: wish })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/exports/'] });
      // The new one is the first of the list, which the long form may have pushed out of sight.
      window.scrollTo(0, 0);
    },
  });
  return (
    <Panel title="New export">
      {may('researcher') ? (
        <Stack gap="md">
          <FormatSelect value={format} onChange={setFormat} />
          <TextInput
            label="Name (optional)"
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Preview wish={wish} />
          <Fault error={build.error} />
          <Button onClick={() => build.mutate()} loading={build.isPending}>
            Build the export
          </Button>
        </Stack>
      ) : (
        <Text size="sm">
          Building an export needs the role researcher; what is ready can be downloaded by everybody.
        </Text>
      )}
    </Panel>
  );
}

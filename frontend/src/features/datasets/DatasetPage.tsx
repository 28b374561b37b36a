import { Button, Group, Select, Stack, Tabs } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Fault } from '@/components/Fault';
import { moment } from '@/components/format';
import { LifeMenu } from '@/components/life/LifeMenu';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { StateLabel } from '@/components/StateLabel';
import { useAct } from './act';
import { AttributesPanel } from './AttributesPanel';
import { useCharts } from './charts';
import { ChartsPanel } from './ChartsPanel';
import { DifferencePanel } from './DifferencePanel';
import { DropToUpload } from './DropToUpload';
import { NO_EDITS } from './edits';
import { useFilters } from './filters';
import { ImageGrid } from './ImageGrid';
import { IngestPanel } from './IngestPanel';
import { useLiveVersion } from './live';
import { NextVersion } from './NextVersion';
import { ReportTable } from './ReportTable';
import { VersionPanel } from './VersionPanel';
import { isMoving, wordsOf } from './words';

type Version = Schemas['DatasetVersion'];

/** A dataset: one of its versions, with its images, its report and, below, what the app puts there. */
export function DatasetPage({ below }: { below: (version: Version) => ReactNode }) {
  const { datasetId = '', number } = useParams();
  const { data, error, refetch } = api.useQuery('get', '/api/v1/datasets/{id}/', {
    params: { path: { id: datasetId } },
  });
  // The newest version stands first.
  const chosen =
    number === undefined ? data?.versions[0] : data?.versions.find((version) => version.number === Number(number));
  if (data === undefined) return <PagePending title="Dataset" error={error} onRetry={() => void refetch()} />;
  if (chosen === undefined)
    return (
      <Page>
        <PageHead title={data.name} crumbs={[{ label: 'Home', to: '/' }]} summary="There is no such version." />
      </Page>
    );
  return <VersionView key={chosen.id} dataset={data} id={chosen.id} below={below} />;
}

type ViewProps = { dataset: Schemas['Dataset']; id: string; below: (version: Version) => ReactNode };

function VersionView({ dataset, id, below }: ViewProps) {
  const version = useLiveVersion(id);
  if (version.data === undefined)
    return <PagePending title={dataset.name} error={version.error} onRetry={() => void version.refetch()} />;
  const shown = version.data;
  return (
    <Page>
      <Head dataset={dataset} version={shown} />
      <DropToUpload
        base={
          shown.state === 'ready'
            ? { id: shown.id, dataset: dataset.id, number: shown.number, name: dataset.name }
            : null
        }
      />
      <Stack gap="md">
        {isMoving(shown.state) && <IngestPanel version={shown} />}
        {shown.state === 'rejected' && <Rejected version={shown} />}
        {shown.state === 'ready' && <ReadyView version={shown} below={below} />}
        {shown.state === 'rejected' && <ReportTable version={shown} />}
      </Stack>
    </Page>
  );
}

function Rejected({ version: { id, error } }: { version: Version }) {
  const { may } = useLab();
  const retry = useAct(id, 'retry');
  const cancelled = error?.code === 'cancelled';
  return (
    <>
      <Fault
        error={new Error(error?.message ?? 'The reason is not known.')}
        title={cancelled ? 'The reading was cancelled' : 'Nothing could be taken from this file'}
      />
      {cancelled && may('researcher') && (
        <Group>
          <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>
            Try again
          </Button>
        </Group>
      )}
      <Fault error={retry.error} />
    </>
  );
}

function ReadyView({ version, below }: { version: Version; below: (version: Version) => ReactNode }) {
  const [filters, setFilters] = useFilters();
  const { data: charts } = useCharts(version.id, filters);
  const [edits, setEdits] = useState(NO_EDITS);
  const [tab, setTab] = useTab();
  const { may } = useLab();
  return (
    <>
      <VersionPanel version={version} charts={charts} filters={filters} onFilter={setFilters} />
      {version.attributes.length > 0 && (
        <AttributesPanel version={version} charts={charts} filters={filters} onFilter={setFilters} />
      )}
      <ChartsPanel charts={charts} filters={filters} onFilter={setFilters} />
      {version.number > 1 && <DifferencePanel version={version} />}
      {below(version)}
      {may('researcher') && <NextVersion version={version} edits={edits} onEdits={setEdits} />}
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="images">Images</Tabs.Tab>
          <Tabs.Tab value="report">Ingest report</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="images">
          <ImageGrid
            version={version}
            filters={filters}
            onFilter={setFilters}
            matching={charts?.images}
            edits={edits}
            onEdits={may('researcher') ? setEdits : null}
          />
        </Tabs.Panel>
        <Tabs.Panel value="report">
          <ReportTable version={version} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

/** Which tab is open, as the address says: the report has an address of its own. */
function useTab(): [string, (tab: string | null) => void] {
  const [search, setSearch] = useSearchParams();
  const put = (tab: string | null) => {
    const next = new URLSearchParams(search);
    if (tab === 'report') next.set('tab', tab);
    else for (const name of ['tab', 'outcome', 'text']) next.delete(name);
    setSearch(next, { replace: true, preventScrollReset: true });
  };
  return [search.get('tab') === 'report' ? 'report' : 'images', put];
}

function Head({ dataset, version }: { dataset: Schemas['Dataset']; version: Version }) {
  const navigate = useNavigate();
  const { may } = useLab();
  const { label, tone } = wordsOf(version.state);
  return (
    <PageHead
      title={dataset.name}
      crumbs={[{ label: 'Home', to: '/' }]}
      badge={<StateLabel tone={tone}>{label}</StateLabel>}
      summary={`Version ${version.number}${version.base === null ? '' : `, made from version ${version.base}`}, ${moment(version.created_at)}`}
      actions={
        <>
          {dataset.versions.length > 1 && (
            <Select
              aria-label="Version"
              w={130}
              allowDeselect={false}
              data={dataset.versions.map(({ number }) => ({ value: String(number), label: `Version ${number}` }))}
              value={String(version.number)}
              onChange={(value) => void navigate(`/datasets/${dataset.id}/${value ?? ''}`)}
            />
          )}
          {version.state === 'ready' && (
            <Button component={Link} to={`/datasets/${dataset.id}/${version.number}/exports`} variant="default">
              Export
            </Button>
          )}
          {version.state === 'ready' && may('researcher') && (
            <>
              <Button component={Link} variant="default" to={`/versions/${version.id}/import`}>
                Import synthetic images
              </Button>
              <Button component={Link} to={`/runs/new?version=${version.id}`}>
                New run
              </Button>
            </>
          )}
          {dataset.versions.length > 1 && (
            <LifeMenu
              thing={{ noun: 'version', id: version.id, name: `Version ${version.number}`, archived_at: null }}
              onDeleted={() => void navigate(`/datasets/${dataset.id}`)}
            />
          )}
          <LifeMenu thing={{ noun: 'dataset', ...dataset }} onDeleted={() => void navigate('/')} />
        </>
      }
    />
  );
}

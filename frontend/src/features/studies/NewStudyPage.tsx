import { Button, Select } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Empty } from '@/components/Empty';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { useReadyVersions } from '@/components/useReadyVersions';
import { AttributeStudyForm } from './AttributeStudyForm';
import { draftLike, firstAttributeDraft, firstDraft } from './draft';
import { StudyForm } from './StudyForm';

const TITLE = 'New study';

/** A study of a dataset version; `run` begins with model and sampler of a run on it, `like` with a past study. */
export function NewStudyPage() {
  const [search, setSearch] = useSearchParams();
  const version = search.get('version');
  const question = search.get('question') === 'attributes' ? 'attributes' : 'benefit';
  const { lab } = useLab();
  if (version !== null)
    return (
      <Asked
        key={`${version} ${question}`}
        version={version}
        question={question}
        run={search.get('run')}
        like={search.get('like')}
      />
    );
  return (
    <Page>
      <PageHead title={TITLE} crumbs={[{ label: 'Studies', to: '/studies' }]} />
      {lab !== null && <WhichVersion lab={lab.id} onChoose={(id) => setSearch({ version: id, question })} />}
    </Page>
  );
}

function WhichVersion({ lab, onChoose }: { lab: string; onChoose: (id: string) => void }) {
  const versions = useReadyVersions(lab);
  return (
    <Panel title="Dataset">
      <Empty
        title="For which dataset?"
        action={
          versions.length === 0 ? (
            <Button component={Link} to="/upload">
              Upload a dataset
            </Button>
          ) : (
            <Select
              label="Dataset version"
              data={versions}
              value={null}
              onChange={(id) => id !== null && onChoose(id)}
              searchable
              w={340}
              maw="100%"
            />
          )
        }
      >
        A study asks one version of a dataset. What synthetic images are worth needs training, validation and test
        images of every class; ways of editing need attributes, or classes, with training and validation images.
      </Empty>
    </Panel>
  );
}

type AskedProps = {
  version: string;
  question: Schemas['StudyQuestion'];
  run: string | null;
  like: string | null;
};

function Asked({ version: id, question, run: runId, like }: AskedProps) {
  const catalogue = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const version = api.useQuery('get', '/api/v1/versions/{id}/', { params: { path: { id } } });
  const of = version.data?.dataset ?? '';
  const dataset = api.useQuery(
    'get',
    '/api/v1/datasets/{id}/',
    { params: { path: { id: of } } },
    { enabled: of !== '' },
  );
  const run = api.useQuery(
    'get',
    '/api/v1/runs/{id}/',
    { params: { path: { id: runId ?? '' } } },
    { enabled: runId !== null },
  );
  const past = api.useQuery(
    'get',
    '/api/v1/studies/{id}/',
    { params: { path: { id: like ?? '' } } },
    { enabled: like !== null },
  );
  const parts = [catalogue, version, dataset, run, past];
  if (
    catalogue.data === undefined ||
    version.data === undefined ||
    dataset.data === undefined ||
    (runId !== null && run.data === undefined) ||
    (like !== null && past.data === undefined)
  )
    return (
      <PagePending
        title={TITLE}
        error={parts.find((part) => part.error !== null)?.error ?? null}
        onRetry={() => {
          for (const part of parts) if (part.error !== null) void part.refetch();
        }}
      />
    );
  const isOfArts = (past.data?.question ?? question) === 'attributes';
  if (isOfArts) {
    const parts = catalogue.data.attribute_study;
    const first = past.data === undefined ? firstAttributeDraft(parts) : draftLike(past.data);
    return (
      <Page>
        <PageHead title={TITLE} crumbs={crumbsOf(dataset.data, version.data)} summary={ATTRIBUTES_SUMMARY} />
        <AttributeStudyForm parts={parts} version={id} first={first} />
      </Page>
    );
  }
  return (
    <Page>
      <PageHead title={TITLE} crumbs={crumbsOf(dataset.data, version.data)} summary={SUMMARY} />
      <StudyForm
        catalogue={catalogue.data}
        version={version.data}
        kind={version.data.kind}
        first={past.data === undefined ? firstDraft(catalogue.data, run.data) : draftLike(past.data)}
        run={runId ?? past.data?.run ?? null}
      />
    </Page>
  );
}

const SUMMARY =
  'The same child network is trained with and without synthetic images, for the same number of steps and from several seeds; real test images that nothing else saw decide.';

const ATTRIBUTES_SUMMARY =
  'Several ways of editing attributes learn from the same images, in as many steps and from the same seeds; each attribute of held-out images is turned around, and a classifier says how often it came out as asked.';

function crumbsOf({ id, name }: Schemas['Dataset'], { number }: Schemas['DatasetVersion']) {
  return [
    { label: 'Studies', to: '/studies' },
    { label: `${name}, version ${number}`, to: `/datasets/${id}/${number}` },
  ];
}

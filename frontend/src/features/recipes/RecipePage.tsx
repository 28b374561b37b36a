import { Button } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { Empty } from '@/components/Empty';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { BeginWith } from './BeginWith';
import { contentsOf, NEW_DRAFT, withSettings, type Draft } from './draft';
import { RecipeForm } from './RecipeForm';
import { useCatalogue } from './useCatalogue';
import { stepOf, SUMMARIES, TITLES, wayOf, withStart } from './start';

/**
 * A recipe for a dataset version; `recipe` begins with a saved one, `like` with that of a past run, each `set` changes
 * one setting of it, and `start` and `from` begin with its checkpoint.
 */
export function RecipePage() {
  const [search] = useSearchParams();
  const id = search.get('version') ?? '';
  const way = wayOf(search.get('start'));
  const saved = search.get('recipe');
  const like = (way === null ? null : search.get('from')) ?? search.get('like');
  const catalogue = useCatalogue();
  const version = api.useQuery('get', '/api/v1/versions/{id}/', { params: { path: { id } } }, { enabled: id !== '' });
  const of = version.data?.dataset ?? '';
  const dataset = api.useQuery(
    'get',
    '/api/v1/datasets/{id}/',
    { params: { path: { id: of } } },
    { enabled: of !== '' },
  );
  const past = api.useQuery(
    'get',
    '/api/v1/runs/{id}/',
    { params: { path: { id: like ?? '' } } },
    { enabled: like !== null },
  );
  const recipe = api.useQuery(
    'get',
    '/api/v1/recipes/{id}/',
    { params: { path: { id: saved ?? '' } } },
    { enabled: saved !== null },
  );
  const kept = api.useQuery(
    'get',
    '/api/v1/runs/{id}/checkpoints/',
    { params: { path: { id: like ?? '' } } },
    { enabled: way !== null && like !== null },
  );

  const retry = () => {
    for (const part of [catalogue, version, dataset, past, kept, recipe]) if (part.error !== null) void part.refetch();
  };
  const error = catalogue.error ?? version.error ?? dataset.error ?? past.error ?? kept.error ?? recipe.error;
  if (id === '')
    return (
      <Page>
        <PageHead title="New run" />
        <Panel title="Dataset">
          <Empty
            title="For which dataset?"
            action={
              <Button component={Link} to="/">
                Choose a dataset
              </Button>
            }
          >
            A recipe is for one version of a dataset: open it and press “New run” there.
          </Empty>
        </Panel>
      </Page>
    );
  if (
    catalogue.data === undefined ||
    version.data === undefined ||
    dataset.data === undefined ||
    (like !== null && past.data === undefined) ||
    (saved !== null && recipe.data === undefined) ||
    (like !== null && way !== null && kept.data === undefined)
  )
    return <PagePending title="New run" error={error} onRetry={retry} />;
  const start =
    way !== null && past.data && kept.data
      ? { run: past.data, way, step: stepOf(search.get('step'), way, kept.data), kept: kept.data }
      : null;
  const draft = withSettings(firstDraft(past.data, recipe.data), search.getAll('set'));
  const { name, lab } = dataset.data;
  // The dataset that is at hand may be from before it was read, when its kind was not known yet.
  const { number, kind } = version.data;
  return (
    <Page>
      <PageHead
        title={start === null ? 'New run' : TITLES[start.way]}
        crumbs={[
          { label: 'Home', to: '/' },
          { label: `${name}, version ${number}`, to: `/datasets/${of}/${number}` },
        ]}
        summary={
          start === null
            ? 'A recipe: which model learns, which sampler chooses, how much is wanted.'
            : SUMMARIES[start.way]
        }
      />
      {start === null && <BeginWith lab={lab} models={catalogue.data.models.map((model) => model.name)} />}
      <RecipeForm
        key={start === null ? `${saved ?? ''} ${like ?? ''}` : 'started'}
        catalogue={catalogue.data}
        version={version.data}
        lab={lab}
        kind={kind}
        start={start}
        first={start === null ? draft : withStart(draft, start)}
        saved={recipe.data ?? null}
        firstCompute={past.data ? chosen(past.data.compute) : {}}
      />
    </Page>
  );
}

function firstDraft(past: Schemas['Run'] | undefined, saved: Schemas['Recipe'] | undefined): Draft {
  if (past !== undefined) return { ...contentsOf(past.recipe), name: past.name };
  return saved === undefined ? NEW_DRAFT : { ...contentsOf(saved), name: '' };
}

/** The compute options that somebody chose; left to the service, they are null or off. */
function chosen(compute: Schemas['Compute']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(compute).filter(([, value]) => value !== null && value !== false));
}

import { Button, Group, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { CopyLine } from '@/components/CopyLine';
import { moment, plural, words } from '@/components/format';
import { LifeMenu } from '@/components/life/LifeMenu';
import { PutAway } from '@/components/life/PutAway';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { RecipeFacts } from '@/components/recipe/RecipeFacts';
import { contentsOf } from './draft';
import { recipeTitle } from './recipeTitle';
import { useReadyVersions } from '@/components/useReadyVersions';

type Recipe = Schemas['RecipeDetail'];

/** One saved recipe: what it says, and what can be made of it; below, what the app puts there. */
export function SavedRecipePage({ below }: { below: (recipe: Recipe) => ReactNode }) {
  const { recipeId = '' } = useParams();
  const { data, error, refetch } = api.useQuery('get', '/api/v1/recipes/{id}/', { params: { path: { id: recipeId } } });
  if (data === undefined) return <PagePending title="Recipe" error={error} onRetry={() => void refetch()} />;
  return (
    <Page>
      <Head recipe={data} />
      <Columns
        main={
          <>
            <Panel title="What it says">
              <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
                <RecipeFacts recipe={data} />
              </SimpleGrid>
            </Panel>
            {below(data)}
          </>
        }
        aside={
          <>
            <RunWith recipe={data} />
            <Panel title="As JSON">
              <CopyLine text={JSON.stringify(contentsOf(data), null, 2)} label="the recipe as JSON" />
            </Panel>
          </>
        }
      />
    </Page>
  );
}

function Head({ recipe }: { recipe: Recipe }) {
  const navigate = useNavigate();
  const { id, number, model, sampler, num_runs, created_by, created_at, archived_at } = recipe;
  const thing = { noun: 'recipe' as const, id, name: recipeTitle(recipe), archived_at };
  const maker = created_by === null ? 'made' : `made by ${created_by}`;
  return (
    <PageHead
      title={recipeTitle(recipe)}
      crumbs={[{ label: 'Recipes', to: '/recipes' }]}
      summary={
        <>
          Recipe {number}, {model} with {words(sampler)}; {maker}, {moment(created_at)}; {plural(num_runs, 'run')}
          <PutAway thing={thing} />
        </>
      }
      actions={<LifeMenu thing={thing} onDeleted={() => void navigate('/recipes')} />}
    />
  );
}

/** The way to the form of a run, filled with the recipe, for a dataset version. */
function RunWith({ recipe }: { recipe: Recipe }) {
  const { may } = useLab();
  const versions = useReadyVersions(recipe.lab);
  const [chosen, setChosen] = useState<string | null>(null);
  const version = chosen ?? versions[0]?.value ?? null;
  if (!may('researcher')) return null;
  return (
    <Panel title="Run with this">
      <Stack gap="sm">
        {version === null ? (
          <Text size="sm">A run needs a dataset that is ready; upload one first.</Text>
        ) : (
          <Select
            label="Dataset version"
            data={versions}
            value={version}
            onChange={setChosen}
            allowDeselect={false}
            searchable
          />
        )}
        <Group>
          <Button
            component={Link}
            to={version === null ? '/upload' : `/runs/new?version=${version}&recipe=${recipe.id}`}
          >
            {version === null ? 'Upload a dataset' : 'Run with this'}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

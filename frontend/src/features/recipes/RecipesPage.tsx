import { Anchor, Button, Table, Text, VisuallyHidden } from '@mantine/core';
import { Link } from 'react-router';
import { api, cursorOf, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { ago, count, words } from '@/components/format';
import { LifeMenu } from '@/components/life/LifeMenu';
import { ListPanel } from '@/components/life/ListPanel';
import { PutAway } from '@/components/life/PutAway';
import { MoreButton } from '@/components/MoreButton';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { budgetSentence } from '@/components/recipe/budget';
import { TableScroll } from '@/components/TableScroll';
import { recipeTitle } from './recipeTitle';

/** The lab's saved recipes, newest first. */
export function RecipesPage() {
  const { lab } = useLab();
  if (lab === null) return <PagePending title="Recipes" error={null} onRetry={() => undefined} />;
  return (
    <Page>
      <PageHead
        title="Recipes"
        crumbs={[{ label: lab.name, to: '/' }]}
        summary="Each run saves its recipe under a number. A recipe is never changed, so that a run can be repeated."
      />
      <ListPanel title="Saved recipes">{(archived) => <RecipeTable lab={lab.id} archived={archived} />}</ListPanel>
    </Page>
  );
}

function RecipeTable({ lab, archived }: { lab: string; archived: boolean }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/recipes/',
    { params: { query: { lab, archived: archived ? 'all' : 'no', limit: 20 } } },
    { initialPageParam: null, getNextPageParam: (page) => cursorOf(page.next) },
  );
  if (data === undefined) return error === null ? <Waiting /> : <Fault error={error} onRetry={() => void refetch()} />;
  const recipes = data.pages.flatMap((page) => page.results);
  if (recipes.length === 0)
    return (
      <Empty
        title="No recipes yet"
        action={
          <Button component={Link} to="/" variant="default">
            Choose a dataset
          </Button>
        }
      >
        A recipe is a model, a sampler and a budget. The first run saves the first one; open a dataset and press “New
        run”.
      </Empty>
    );
  return (
    <>
      <TableScroll label="Saved recipes" minWidth={720}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th ta="right">Number</Table.Th>
            <Table.Th>Name</Table.Th>
            <Table.Th>Model, sampler</Table.Th>
            <Table.Th>Budget</Table.Th>
            <Table.Th ta="right">Runs</Table.Th>
            <Table.Th>Made</Table.Th>
            <Table.Th pos="relative">
              <VisuallyHidden>Acts</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {recipes.map((recipe) => (
            <RecipeRow key={recipe.id} recipe={recipe} />
          ))}
        </Table.Tbody>
      </TableScroll>
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </>
  );
}

const NOWRAP = { whiteSpace: 'nowrap' } as const;

function RecipeRow({ recipe }: { recipe: Schemas['RecipeDetail'] }) {
  const { id, number, model, sampler, budget, num_runs, created_at, created_by, archived_at } = recipe;
  const thing = { noun: 'recipe' as const, id, name: recipeTitle(recipe), archived_at };
  return (
    <Table.Tr>
      <Table.Td ta="right">{number}</Table.Td>
      <Table.Td miw={150}>
        <Anchor component={Link} to={`/recipes/${id}`} fw={500} size="sm">
          {recipeTitle(recipe)}
        </Anchor>
        <PutAway thing={thing} />
      </Table.Td>
      <Table.Td style={NOWRAP}>
        {model}, {words(sampler)}
      </Table.Td>
      <Table.Td>
        <Text size="sm">{budgetSentence(budget)}</Text>
      </Table.Td>
      <Table.Td ta="right">{count(num_runs)}</Table.Td>
      <Table.Td style={NOWRAP}>
        {ago(created_at)}
        {created_by !== null && `, ${created_by}`}
      </Table.Td>
      <Table.Td ta="right">
        <LifeMenu thing={thing} onDeleted={() => undefined} />
      </Table.Td>
    </Table.Tr>
  );
}

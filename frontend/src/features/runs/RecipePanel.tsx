import { Anchor, SimpleGrid, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { moment } from '@/components/format';
import { Panel } from '@/components/Page';
import { Facts } from '@/components/recipe/Facts';
import { RecipeFacts } from '@/components/recipe/RecipeFacts';

/** Everything this run was told, so that it can be told again. */
export function RecipePanel({ run }: { run: Schemas['Run'] }) {
  const { recipe } = run;
  return (
    <Panel
      title={`Recipe ${recipe.number}`}
      actions={
        run.origin === null && (
          <Anchor component={Link} to={`/recipes/${recipe.id}`} size="sm">
            Open the recipe
          </Anchor>
        )
      }
    >
      <Text size="sm" c="dimmed" mb="sm">
        {run.created_by === null ? 'Started' : `Started by ${run.created_by}`}, {moment(run.created_at)}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        <RecipeFacts recipe={recipe} />
        <Facts
          title="Computing"
          rows={[
            ['images at once', run.compute.micro_batch ?? 'the whole batch'],
            ['GPUs', run.compute.devices ?? 'all of the worker'],
            ['compile', run.compute.compile],
            ['CUDA graphs', run.compute.cuda_graphs],
          ]}
        />
      </SimpleGrid>
    </Panel>
  );
}

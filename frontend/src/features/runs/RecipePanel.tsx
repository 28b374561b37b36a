import { SimpleGrid, Table, Text } from '@mantine/core';
import { api, type Schemas } from '@/api/client';
import { moment, words } from '@/components/format';
import { Panel } from '@/components/Page';
import { budgetSentence } from '@/components/recipe/budget';

/** Everything this run was told, so that it can be told again. */
export function RecipePanel({ run }: { run: Schemas['Run'] }) {
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const { recipe } = run;
  const model = catalogue?.models.find((one) => one.name === recipe.model);
  const sampler = catalogue?.samplers.find((one) => one.name === recipe.sampler);
  return (
    <Panel title={`Recipe ${recipe.number}`}>
      <Text size="sm" c="dimmed" mb="sm">
        {run.created_by === null ? 'Started' : `Started by ${run.created_by}`}, {moment(run.created_at)}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        <Facts
          title={model?.card.title ?? recipe.model}
          rows={[...Object.entries(recipe.model_settings), ['seed', recipe.seed]]}
        />
        <Facts
          title={sampler?.card.title ?? recipe.sampler}
          rows={[
            ...Object.entries(recipe.sampler_settings),
            ['budget', budgetSentence(recipe.budget)],
            ['candidates per image asked for', recipe.pool_factor],
          ]}
        />
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

function Facts({ title, rows }: { title: string; rows: [string, unknown][] }) {
  return (
    <div>
      <Text fw={600} mb={4}>
        {title}
      </Text>
      <Table verticalSpacing={2} horizontalSpacing={0} withRowBorders={false} fz="sm">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td c="dimmed" w="55%">
                {words(name)}
              </Table.Td>
              <Table.Td>{typeof value === 'string' ? words(value) : JSON.stringify(value)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

import { api, type Schemas } from '@/api/client';
import { budgetSentence } from './budget';
import { Facts } from './Facts';

/** Model and sampler of a recipe, each with its settings; for a grid of them. */
export function RecipeFacts({ recipe }: { recipe: Schemas['Recipe'] }) {
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const model = catalogue?.models.find((one) => one.name === recipe.model);
  const sampler = catalogue?.samplers.find((one) => one.name === recipe.sampler);
  return (
    <>
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
    </>
  );
}

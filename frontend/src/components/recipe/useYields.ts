import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { http, take, type Schemas } from '@/api/client';

const TYPING_PAUSE_MS = 400;

/** What each sampler would keep for a recipe's budget; nothing while the budget cannot be read. */
export function useYields(version: string, recipe: Schemas['NewRecipeRequest']): Schemas['ForetoldYields'] | undefined {
  const [settled] = useDebouncedValue(recipe, TYPING_PAUSE_MS);
  const { sampler, sampler_settings, budget, pool_factor } = settled;
  return useQuery({
    queryKey: ['yields', version, sampler, sampler_settings, budget, pool_factor],
    queryFn: ({ signal }) =>
      take(http.POST('/api/v1/selections/yields/', { body: { version, recipe: { ...settled, name: '' } }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
  }).data;
}

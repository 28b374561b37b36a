import type { Schemas } from '@/api/client';

/** What a saved recipe is called: by its name, or by its number. */
export function recipeTitle({ name, number }: Pick<Schemas['Recipe'], 'name' | 'number'>): string {
  return name === '' ? `Recipe ${number}` : name;
}

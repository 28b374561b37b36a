import { Select } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { api } from '@/api/client';
import { runLabels } from '@/components/runLabels';
import { recipeTitle } from './recipeTitle';

/** Fills the form with the recipe of a past run, of a model that is there, or a saved one, in place of what stands there. */
export function BeginWith({ lab, models }: { lab: string; models: string[] }) {
  const [search, setSearch] = useSearchParams();
  const query = { lab, limit: 100 };
  const { data: runs } = api.useQuery('get', '/api/v1/runs/', { params: { query } });
  const { data: recipes } = api.useQuery('get', '/api/v1/recipes/', { params: { query } });
  const labels = runLabels((runs?.results ?? []).filter((run) => models.includes(run.model)));
  const past = [...labels].map(([id, label]) => ({ value: `like:${id}`, label }));
  const saved = (recipes?.results ?? []).map((recipe) => ({
    value: `recipe:${recipe.id}`,
    label: recipe.name === '' ? recipeTitle(recipe) : `${recipe.name} (recipe ${recipe.number})`,
  }));
  if (past.length === 0 && saved.length === 0) return null;
  const [name] = ['recipe', 'like'].filter((one) => search.has(one));
  const choose = (value: string | null) => {
    const next = new URLSearchParams(search);
    for (const one of ['recipe', 'like', 'set']) next.delete(one);
    const [kind, id] = (value ?? '').split(':');
    if (kind !== undefined && id !== undefined) next.set(kind, id);
    setSearch(next);
  };
  return (
    <Select
      label="Begin with"
      placeholder="A new recipe"
      data={[
        { group: 'Past runs', items: past },
        { group: 'Saved recipes', items: saved },
      ]}
      value={name === undefined ? null : `${name}:${search.get(name) ?? ''}`}
      onChange={choose}
      searchable
      clearable
      w={560}
      maw="100%"
      mb="md"
    />
  );
}

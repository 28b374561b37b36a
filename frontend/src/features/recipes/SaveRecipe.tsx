import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { http, queries, take } from '@/api/client';
import { Fault } from '@/components/Fault';
import type { Draft } from './draft';

/** Keeps the recipe in the lab without starting anything, and goes to its page. */
export function SaveRecipe({ lab, draft, disabled }: { lab: string; draft: Draft; disabled: boolean }) {
  const navigate = useNavigate();
  const save = useMutation({
    mutationFn: () => take(http.POST('/api/v1/recipes/', { params: { query: { lab } }, body: draft })),
    onSuccess: async (recipe) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/recipes/'] });
      await navigate(`/recipes/${recipe.id}`);
    },
  });
  return (
    <>
      <Fault error={save.error} />
      <Button variant="default" disabled={disabled} loading={save.isPending} onClick={() => save.mutate()}>
        Save the recipe only
      </Button>
    </>
  );
}

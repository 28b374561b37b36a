import { ListPanel } from '@/components/life/ListPanel';
import { SavedRecipePage } from '@/features/recipes/SavedRecipePage';
import { RunTable } from '@/features/runs/RunTable';

/** A saved recipe's page, with the runs made from it below. */
export function RecipeRoute() {
  return (
    <SavedRecipePage
      below={({ id, lab }) => (
        <ListPanel title="Runs made from it">
          {(archived) => <RunTable lab={lab} recipe={id} archived={archived} />}
        </ListPanel>
      )}
    />
  );
}

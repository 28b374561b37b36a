import type { Schemas } from '@/api/client';
import { exactMoment, moment, words } from './format';
import { runTitle } from './runTitle';

type Run = Pick<
  Schemas['RunListItem'],
  'id' | 'name' | 'model' | 'dataset_name' | 'sampler' | 'recipe_number' | 'created_at'
>;

/** Run -> what it is called in a menu of runs: its title, what made it and when, so that no two read alike. */
export function runLabels(runs: Run[]): Map<string, string> {
  const brief = runs.map((run) => labelOf(run, moment(run.created_at)));
  const isTwice = (label: string) => brief.filter((one) => one === label).length > 1;
  return new Map(
    runs.map((run, place) => {
      const label = brief[place] ?? '';
      return [run.id, isTwice(label) ? labelOf(run, exactMoment(run.created_at)) : label];
    }),
  );
}

function labelOf(run: Run, when: string): string {
  const model = run.name === '' ? [] : [run.model]; // without a name it stands in the title
  return [runTitle(run), ...model, words(run.sampler), `recipe ${run.recipe_number}`, when].join(', ');
}

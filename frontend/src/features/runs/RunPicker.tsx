import { MultiSelect } from '@mantine/core';
import { api, type Schemas } from '@/api/client';
import { runLabels } from '@/components/runLabels';
import { MOST_RUNS } from './view';

type Run = Schemas['RunListItem'];

/** Of a lab with more runs, the newest are offered; older ones are ticked in a list of runs. */
const OFFERED = 200;

type Props = { run: Run; chosen: string[]; onChoose: (ids: string[]) => void; known: Run[] };

/** Chooses the runs of the lab that are drawn beside this one; those on the same dataset version come first. */
export function RunPicker({ run, chosen, onChoose, known }: Props) {
  const { data } = api.useQuery('get', '/api/v1/runs/', {
    params: { query: { lab: run.lab, archived: 'all', limit: OFFERED } },
  });
  const listed = data?.results ?? [];
  const others = [...listed, ...known.filter(({ id }) => !listed.some((one) => one.id === id))].filter(
    (one) => one.id !== run.id && one.model !== 'imported',
  );
  const labels = runLabels(others);
  const offered = ({ id }: Run) => ({ value: id, label: labels.get(id) ?? id });
  const isNear = (one: Run) => one.version === run.version;
  return (
    <MultiSelect
      size="xs"
      w={{ base: '100%', sm: 640 }}
      label="Compare with"
      placeholder={chosen.length === 0 ? 'Other runs, by name' : ''}
      nothingFoundMessage={data === undefined ? 'Being read' : 'No such run in this lab'}
      searchable
      clearable
      hidePickedOptions
      maxValues={MOST_RUNS - 1}
      value={chosen.filter((id) => others.some((one) => one.id === id))}
      onChange={onChoose}
      data={[
        { group: 'On this dataset version', items: others.filter(isNear).map(offered) },
        { group: 'On others', items: others.filter((one) => !isNear(one)).map(offered) },
      ].filter(({ items }) => items.length > 0)}
    />
  );
}

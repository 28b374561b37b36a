import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { api, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Empty } from '@/components/Empty';

const LOOK_AGAIN_MS = 3_000;

type Props = {
  lab: string;
  /** The dataset version whose runs are listed. */
  version: string | undefined;
  /** The recipe whose runs are listed. */
  recipe: string | undefined;
};

/** What stands where no run is: the way to the first, on the newest dataset unless one is looked at. */
export function NoRuns({ lab, version, recipe }: Props) {
  const { may } = useLab();
  const { data } = api.useQuery(
    'get',
    '/api/v1/datasets/',
    { params: { query: { lab, limit: 20 } } },
    {
      enabled: version === undefined,
      refetchInterval: ({ state }) => (newestReady(state.data?.results) === null ? LOOK_AGAIN_MS : false),
    },
  );
  const newest = newestReady(data?.results);
  const on = version ?? newest?.version;
  const isKnown = version !== undefined || data !== undefined;
  const search = new URLSearchParams({ ...(on === undefined ? {} : { version: on }), ...(recipe ? { recipe } : {}) });
  return (
    <Empty
      title="No runs yet"
      action={
        may('researcher') &&
        isKnown && (
          <Button component={Link} variant="default" to={on === undefined ? '/upload' : `/runs/new?${search}`}>
            {on === undefined ? 'Upload a dataset' : newest === null ? 'New run' : `New run on ${newest.name}`}
          </Button>
        )
      }
    >
      A run trains a model on a dataset and draws new images with it.
      {isKnown && on === undefined && ' It needs a dataset that is ready.'}
    </Empty>
  );
}

function newestReady(datasets: Schemas['Dataset'][] = []): { name: string; version: string } | null {
  for (const { name, versions } of datasets) {
    const ready = versions.find(({ state }) => state === 'ready');
    if (ready !== undefined) return { name, version: ready.id };
  }
  return null;
}

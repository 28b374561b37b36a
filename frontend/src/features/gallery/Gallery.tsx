import { Button, Group, Kbd, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconChartDots, IconDownload, IconEyeQuestion } from '@tabler/icons-react';
import { lazy, Suspense, useCallback, useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Fault, Waiting } from '@/components/Fault';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { runTitle } from '@/components/runTitle';
import { useKeys } from '@/components/useKeys';
import { ActBar } from './ActBar';
import { AgreementButton } from './AgreementButton';
import { FilterBar } from './FilterBar';
import { DEFAULT_FILTERS, readFilters, totalOf, writeFilters, type Filters } from './filters';
import { KeysDialog } from './KeysDialog';
import { VIEWS, type ViewName } from './map/area';
import { useReview } from './review';
import { SampleGrid } from './SampleGrid';
import { SelectionBar, SelectionFacts } from './SelectionBar';
import { matchOf, useSamples } from './samples';
import { TargetBar } from './TargetBar';
import { VerdictFiles } from './VerdictFiles';
import { Viewer } from './Viewer';

/** Loaded when it is first opened. */
const MapPanel = lazy(async () => ({ default: (await import('./map/MapPanel')).MapPanel }));

const PAGE_BAR_PX = 48;
const ACTS_PADDING_PX = 20;

type Props = { run: Schemas['Run']; pool: Schemas['Pool'] };

/** The gallery: what is shown stands in the address, what is pointed at and marked in the review. */
export function Gallery({ run, pool }: Props) {
  const { may } = useLab();
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => readFilters(search), [search]);
  const selection = pool.selections.find((one) => one.id === filters.selection) ?? pool.selections[0];
  const { samples, ...query } = useSamples(pool.id, filters, selection?.id ?? '');
  const loaded = samples?.length ?? 0;
  const total = query.hasNextPage ? totalOf(filters, pool, selection?.yields) : loaded;
  const review = useReview(pool.id, samples ?? [], may('reviewer'), {
    last: (total ?? loaded) - 1,
    match: matchOf(filters, selection?.id ?? ''),
    bring: (place) => bringPages(query, place),
  });
  useKeys(review.keys);
  const { ref: acts, height: actsHeight } = useElementSize();

  const { restart } = review;
  const change = useCallback(
    (next: Filters) => {
      setSearch(writeFilters(search, next), { replace: true });
      restart();
    },
    [search, setSearch, restart],
  );
  const choose = useCallback((id: string) => change({ ...filters, selection: id }), [change, filters]);
  const map = viewIn(search);
  const showMap = (view: ViewName | null) => {
    const next = new URLSearchParams(search);
    if (view === null) next.delete('map');
    else next.set('map', view);
    // An area is one of its view; nobody would see why the grid is filtered.
    next.delete('area');
    setSearch(next, { replace: true });
    restart();
  };
  return (
    <Page width="wide">
      <Head
        run={run}
        pool={pool}
        selection={selection}
        onDisputed={() => change({ ...DEFAULT_FILTERS, selection: filters.selection, kept: null, disputed: true })}
      />
      {!review.isOpen && (
        <Group gap="8px" mb="sm" role="search" aria-label="Select, filter and sort samples">
          <SelectionBar run={run} pool={pool} selection={selection} onChoose={choose} />
          <FilterBar
            classNames={pool.classes}
            classCounts={pool.class_counts}
            scoreNames={pool.score_names}
            numMemorised={pool.num_memorised}
            numDisputed={pool.num_disputed}
            filters={filters}
            onChange={change}
          />
          <Button
            size="xs"
            variant={map === null ? 'default' : 'light'}
            aria-pressed={map !== null}
            leftSection={<IconChartDots size={15} />}
            onClick={() => showMap(map === null ? 'pca' : null)}
          >
            Map
          </Button>
        </Group>
      )}
      {map !== null && !review.isOpen && (
        <Suspense fallback={<Waiting lines={6} height={60} />}>
          <MapPanel
            run={run}
            pool={pool}
            view={map}
            onView={showMap}
            area={filters.area}
            onArea={(area) => change({ ...filters, area })}
            label={filters.label}
            onLabel={(label) => change({ ...filters, label })}
          />
        </Suspense>
      )}
      <ActBar
        ref={acts}
        pool={pool}
        selection={selection}
        review={review}
        canJudge={may('reviewer')}
        hasMore={query.hasNextPage}
        total={total}
        onLabel={(label) => change({ ...filters, label })}
      />
      {!review.isOpen && (
        <TargetBar
          run={run.id}
          pool={pool}
          onUndecided={(label) =>
            change({ ...DEFAULT_FILTERS, selection: filters.selection, kept: null, standing: 'undecided', label })
          }
        />
      )}
      <Fault error={review.error} />
      {samples === undefined &&
        (query.error === null ? (
          <Waiting lines={6} height={90} />
        ) : (
          <Fault error={query.error} onRetry={() => void query.refetch()} />
        ))}
      {samples?.length === 0 && (
        <Nothing onClear={() => change({ ...DEFAULT_FILTERS, selection: filters.selection })} />
      )}
      {samples !== undefined && samples.length > 0 && (
        <SampleGrid
          pool={pool}
          samples={samples}
          review={review}
          sort={filters.sort}
          total={total}
          covered={PAGE_BAR_PX + ACTS_PADDING_PX + actsHeight}
          hasMore={query.hasNextPage}
          onMore={() => void query.fetchNextPage({ cancelRefetch: false })}
        />
      )}
      {review.isOpen && review.current !== undefined && (
        <Viewer pool={pool} sample={review.current} review={review} length={loaded} total={total} />
      )}
      <KeysDialog opened={review.keysShown} onClose={review.hideKeys} />
    </Page>
  );
}

/** Which view of the map is open; null: none. */
function viewIn(search: URLSearchParams): ViewName | null {
  return VIEWS.find((view) => view === search.get('map')) ?? null;
}

type Pages = Pick<ReturnType<typeof useSamples>, 'hasNextPage' | 'fetchNextPage'>;

/** Load page after page until the sample at `place` is there; the list has no other way to its middle. */
async function bringPages({ hasNextPage, fetchNextPage }: Pages, place: number): Promise<void> {
  let isMore = hasNextPage;
  while (isMore) {
    const { data, hasNextPage: more, isError } = await fetchNextPage({ cancelRefetch: false });
    const length = data?.pages.reduce((sum, page) => sum + page.results.length, 0) ?? 0;
    isMore = more && !isError && length <= place;
  }
}

type HeadProps = Props & { selection: Schemas['Selection'] | undefined; onDisputed: () => void };

function Head({ run, pool, selection, onDisputed }: HeadProps) {
  return (
    <PageHead
      title="Gallery"
      crumbs={[
        { label: 'Home', to: '/' },
        { label: runTitle(run), to: `/runs/${run.id}` },
      ]}
      summary={
        <>
          {selection !== undefined && <SelectionFacts selection={selection} pool={pool} />} What is rejected is left out
          of the export. <Kbd size="xs">?</Kbd> lists the keys and changes them.
        </>
      }
      actions={
        <>
          <AgreementButton pool={pool.id} onDisputed={onDisputed} />
          <Button
            component={Link}
            to={`/runs/${run.id}/blind-test`}
            variant="default"
            leftSection={<IconEyeQuestion size={16} />}
          >
            Blind test
          </Button>
          <VerdictFiles pool={pool.id} />
          <Button
            component={Link}
            to={`/runs/${run.id}/exports?selection=${selection?.id ?? ''}`}
            leftSection={<IconDownload size={16} />}
          >
            Export
          </Button>
        </>
      }
    />
  );
}

function Nothing({ onClear }: { onClear: () => void }) {
  return (
    <Text py="lg">
      No sample matches.{' '}
      <Button variant="default" size="compact-sm" onClick={onClear}>
        Clear the filters
      </Button>
    </Text>
  );
}

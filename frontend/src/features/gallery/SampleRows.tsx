import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, type MouseEvent } from 'react';
import { useWidth } from '@/components/useWidth';
import { GAP, layoutOf } from './columns';
import { sheetsOf } from './sheets';
import { Tile } from './Tile';
import type { Review } from './review';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

type Props = {
  pool: string;
  samples: Sample[];
  review: Review;
  sort: string;
  /** How many match, or are loaded where that is not known. */
  total: number;
  /** Pixels that a picture is wide at least. */
  side: number;
  /** What stands on the left of each picture: a view of a translation, or nothing. */
  view: string | undefined;
  /** Pixels at the top of the window in which the page's bar and the verbs stay. */
  covered: number;
  hasMore: boolean;
  onMore: () => void;
};

/** The next page is asked for when so many rows are left below. */
const ROWS_AHEAD = 8;

/** The rows, of which only those in sight are in the page; all that is drawn anew while one scrolls. */
export function SampleRows({ pool, samples, review, sort, total, side, view, covered, hasMore, onMore }: Props) {
  // While a sample is looked at large, the grid keeps its place unseen.
  const { place: at, isOpen: hidden, noteLayout } = review;
  const { ref, width, top } = useWidth<HTMLDivElement>();
  const pictures = view === undefined ? 1 : 2;
  const { columns, tile, rowHeight } = layoutOf(width, side, pictures);
  const sheetAt = useMemo(() => sheetsOf(samples), [samples]);
  const numRows = Math.ceil(samples.length / columns);
  const rows = useWindowVirtualizer({
    count: numRows,
    estimateSize: () => rowHeight,
    overscan: 3,
    scrollMargin: top,
    scrollPaddingStart: covered,
    scrollPaddingEnd: GAP,
    enabled: !hidden && width > 0,
  });
  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;

  useEffect(() => {
    noteLayout(columns, Math.max(1, Math.floor((window.innerHeight - covered) / rowHeight) - 1));
  }, [columns, rowHeight, covered, noteLayout]);
  useEffect(() => {
    rows.measure();
  }, [rows, rowHeight]);
  useEffect(() => {
    if (hasMore && lastShown >= numRows - ROWS_AHEAD) onMore();
  }, [hasMore, lastShown, numRows, onMore]);

  // The keys move the place; it is brought into sight, below what stays on top.
  const row = Math.floor(at / columns);
  useEffect(() => {
    if (!hidden) rows.scrollToIndex(row, { align: 'auto' });
  }, [rows, row, at, hidden]);

  return (
    <div ref={ref}>
      <div
        className={classes.grid}
        role="listbox"
        aria-label="Samples"
        aria-multiselectable
        tabIndex={0}
        aria-activedescendant={`sample-${samples[at]?.id ?? ''}`}
        style={{ height: rows.getTotalSize() }}
        onClick={(event) => {
          const to = placeIn(event);
          if (to !== null) review.press(to, event);
        }}
        onDoubleClick={(event) => {
          const to = placeIn(event);
          if (to !== null) review.open(to);
        }}
      >
        {shown.map((item) => (
          <div
            key={item.key}
            className={classes.row}
            role="presentation"
            style={{
              transform: `translateY(${item.start - rows.options.scrollMargin}px)`,
              gridTemplateColumns: `repeat(${columns}, ${tile * pictures}px)`,
              gap: GAP,
            }}
          >
            {samples.slice(item.index * columns, (item.index + 1) * columns).map((sample, column) => {
              const place = item.index * columns + column;
              return (
                <Tile
                  key={sample.id}
                  sample={sample}
                  pool={pool}
                  sheet={sheetAt(place)}
                  side={tile}
                  view={view}
                  sort={sort}
                  isAt={place === at}
                  isMarked={review.marksAll || review.marks.has(sample.id)}
                  place={place}
                  total={total}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The place of the sample that was clicked; one listener for all, so that tiles are drawn anew only when they change. */
function placeIn(event: MouseEvent<HTMLElement>): number | null {
  const tile = (event.target as HTMLElement).closest<HTMLElement>('[data-place]');
  return tile === null ? null : Number(tile.dataset.place);
}

import { Select, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, type MouseEvent } from 'react';
import type { Schemas } from '@/api/client';
import { useWidth } from '@/components/useWidth';
import { GAP, layoutOf } from './columns';
import { Tile } from './Tile';
import type { Review } from './review';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

type Props = {
  pool: Schemas['Pool'];
  samples: Sample[];
  review: Review;
  sort: string;
  hasMore: boolean;
  onMore: () => void;
};

const SIZES = { small: 56, medium: 92, large: 152 };
type Size = keyof typeof SIZES;
/** The next page is asked for when so many rows are left below. */
const ROWS_AHEAD = 8;
/** The page's bar and the verbs stay on top of what scrolls. */
const STICKY_PX = 108;

/** All samples in rows, of which only those in sight are in the page. */
export function SampleGrid({ pool, samples, review, sort, hasMore, onMore }: Props) {
  // While a sample is looked at large, the grid keeps its place unseen.
  const { place: at, isOpen: hidden, noteColumns } = review;
  const { ref, width, top } = useWidth<HTMLDivElement>();
  const [size, setSize] = useLocalStorage<Size>({
    key: 'atelier-tile-size',
    defaultValue: 'medium',
    getInitialValueInEffect: false,
  });
  const { columns, tile, rowHeight } = layoutOf(width, SIZES[size]);
  const numRows = Math.ceil(samples.length / columns);
  const rows = useWindowVirtualizer({
    count: numRows,
    estimateSize: () => rowHeight,
    overscan: 4,
    scrollMargin: top,
    scrollPaddingStart: STICKY_PX,
    scrollPaddingEnd: GAP,
    enabled: !hidden && width > 0,
  });
  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;

  useEffect(() => {
    noteColumns(columns);
  }, [columns, noteColumns]);
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
  }, [rows, row, hidden]);

  return (
    <div hidden={hidden}>
      <div className={classes.gridHead}>
        <Text size="xs" c="dimmed" className="numbers">
          sample {at + 1} of {samples.length}
          {hasMore ? ' loaded so far' : ''}
        </Text>
        <Select
          aria-label="Size of the pictures"
          size="xs"
          w={110}
          allowDeselect={false}
          data={Object.keys(SIZES).map((name) => ({ value: name, label: name }))}
          value={size}
          onChange={(name) => setSize((name as Size | null) ?? 'medium')}
        />
      </div>
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
                gridTemplateColumns: `repeat(${columns}, ${tile}px)`,
                gap: GAP,
              }}
            >
              {samples.slice(item.index * columns, (item.index + 1) * columns).map((sample, column) => {
                const place = item.index * columns + column;
                return (
                  <Tile
                    key={sample.id}
                    sample={sample}
                    resolution={pool.resolution}
                    side={tile}
                    sort={sort}
                    isAt={place === at}
                    isMarked={review.marks.has(sample.id)}
                    place={place}
                    total={samples.length}
                  />
                );
              })}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

/** The place of the sample that was clicked; one listener for all, so that tiles are drawn anew only when they change. */
function placeIn(event: MouseEvent<HTMLElement>): number | null {
  const tile = (event.target as HTMLElement).closest<HTMLElement>('[data-place]');
  return tile === null ? null : Number(tile.dataset.place);
}

import { Group, NumberInput, Select, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useState, type MouseEvent, type SyntheticEvent } from 'react';
import type { Schemas } from '@/api/client';
import { count } from '@/components/format';
import { useWidth } from '@/components/useWidth';
import { GAP, layoutOf } from './columns';
import { sheetPart, type SheetPart } from './sheets';
import { Tile } from './Tile';
import type { Review } from './review';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

type Props = {
  pool: Schemas['Pool'];
  samples: Sample[];
  review: Review;
  sort: string;
  /** How many match, or null where that is not known before all are loaded. */
  total: number | null;
  /** Pixels at the top of the window in which the page's bar and the verbs stay. */
  covered: number;
  hasMore: boolean;
  onMore: () => void;
};

const SIZES = { small: 56, medium: 92, large: 152 };
type Size = keyof typeof SIZES;
/** The next page is asked for when so many rows are left below. */
const ROWS_AHEAD = 8;

/** All samples in rows, of which only those in sight are in the page. */
export function SampleGrid({ pool, samples, review, sort, total, covered, hasMore, onMore }: Props) {
  // While a sample is looked at large, the grid keeps its place unseen.
  const { place: at, isOpen: hidden, noteLayout } = review;
  const { ref, width, top } = useWidth<HTMLDivElement>();
  const [size, setSize] = useLocalStorage<Size>({
    key: 'atelier-tile-size',
    defaultValue: 'medium',
    getInitialValueInEffect: false,
  });
  const { columns, tile, rowHeight } = layoutOf(width, SIZES[size]);
  const parts = useParts(samples);
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
    <div hidden={hidden}>
      <div className={classes.gridHead}>
        <Jump key={at} at={at} loaded={samples.length} total={total} hasMore={hasMore} onJump={review.jump} />
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
                    pool={pool.id}
                    part={parts[place] ?? sheetPart([sample.index], 0)}
                    side={tile}
                    sort={sort}
                    isAt={place === at}
                    isMarked={review.marksAll || review.marks.has(sample.id)}
                    place={place}
                    total={total ?? samples.length}
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

/** The parts of sheets of all samples; made anew only when the list is another one, not with every verdict. */
function useParts(samples: Sample[]): SheetPart[] {
  const listed = samples.map((sample) => sample.index).join('.');
  return useMemo(() => {
    const indexes = listed === '' ? [] : listed.split('.').map(Number);
    return indexes.map((_, place) => sheetPart(indexes, place));
  }, [listed]);
}

type JumpProps = {
  at: number;
  loaded: number;
  total: number | null;
  hasMore: boolean;
  onJump: (place: number) => Promise<void>;
};

/** Where one is among all that match, and the way to another place. */
function Jump({ at, loaded, total, hasMore, onJump }: JumpProps) {
  const [wanted, setWanted] = useState<number | string>(at + 1);
  const [isUnderway, setUnderway] = useState(false);
  const go = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (wanted === '') return;
    setUnderway(true);
    await onJump(Math.max(0, Number(wanted) - 1));
    setUnderway(false);
  };
  return (
    <form onSubmit={(event) => void go(event)}>
      <Group gap={6}>
        <Text size="xs" c="dimmed" component="label" htmlFor="sample-place">
          Sample
        </Text>
        <NumberInput
          id="sample-place"
          size="xs"
          w={74}
          hideControls
          min={1}
          {...(total === null ? {} : { max: total })}
          allowDecimal={false}
          thousandSeparator=","
          value={wanted}
          onChange={setWanted}
          disabled={isUnderway}
          title="Type a number and press Enter to go there"
        />
        <Text size="xs" c="dimmed" className="numbers">
          of {total === null ? `${count(loaded)} loaded so far` : count(total)}
          {isUnderway && hasMore && `; ${count(loaded)} are loaded`}
        </Text>
      </Group>
    </form>
  );
}

/** The place of the sample that was clicked; one listener for all, so that tiles are drawn anew only when they change. */
function placeIn(event: MouseEvent<HTMLElement>): number | null {
  const tile = (event.target as HTMLElement).closest<HTMLElement>('[data-place]');
  return tile === null ? null : Number(tile.dataset.place);
}

import { Group, NumberInput, Select, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useState, type SyntheticEvent } from 'react';
import type { Schemas } from '@/api/client';
import { count, words } from '@/components/format';
import type { Review } from './review';
import { SampleRows } from './SampleRows';
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
const ALONE = 'alone';

/** All samples in rows, with the way to a place and the size of the pictures above them. */
export function SampleGrid({ pool, samples, review, sort, total, covered, hasMore, onMore }: Props) {
  const { place: at, isOpen: hidden } = review;
  const [size, setSize] = useLocalStorage<Size>({
    key: 'atelier-tile-size',
    defaultValue: 'medium',
    getInitialValueInEffect: false,
  });
  const [beside, setBeside] = useLocalStorage({
    key: 'atelier-beside',
    defaultValue: 'source',
    getInitialValueInEffect: false,
  });
  const view = beside === ALONE ? undefined : (pool.views.find((name) => name === beside) ?? pool.views[0]);
  return (
    <div hidden={hidden}>
      <div className={classes.gridHead}>
        <Jump key={at} at={at} loaded={samples.length} total={total} hasMore={hasMore} onJump={review.jump} />
        <Group gap={6}>
          {pool.views.length > 0 && (
            <Select
              aria-label="Beside each picture"
              size="xs"
              w={170}
              allowDeselect={false}
              data={[
                ...pool.views.map((name) => ({ value: name, label: `beside its ${words(name)}` })),
                { value: ALONE, label: 'the result alone' },
              ]}
              value={view ?? ALONE}
              onChange={(name) => setBeside(name ?? ALONE)}
            />
          )}
          <Select
            aria-label="Size of the pictures"
            size="xs"
            w={110}
            allowDeselect={false}
            data={Object.keys(SIZES).map((name) => ({ value: name, label: name }))}
            value={size}
            onChange={(name) => setSize((name as Size | null) ?? 'medium')}
          />
        </Group>
      </div>
      <SampleRows
        pool={pool.id}
        samples={samples}
        review={review}
        sort={sort}
        total={total ?? samples.length}
        side={SIZES[size]}
        view={view}
        covered={covered}
        hasMore={hasMore}
        onMore={onMore}
      />
    </div>
  );
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

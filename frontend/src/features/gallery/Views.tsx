import { SegmentedControl, Slider, Text } from '@mantine/core';
import { useState } from 'react';
import { address } from '@/api/address';
import type { Schemas } from '@/api/client';
import { words } from '@/components/format';
import { scaleFor } from './columns';
import { SampleImage } from './SampleImage';
import type { Review } from './review';
import type { Sample } from './samples';
import { SHOWINGS } from './views';
import classes from './Gallery.module.css';

const SIDE = 448;
const HALF_SIDE = 216;
/** Stands among the views, behind the first. */
const RESULT = 'result';

type Props = { pool: Schemas['Pool']; sample: Sample; review: Review };

/** A translation beside what it was made from: side by side, under a slider, or as what differs. */
export function Views({ pool, sample, review }: Props) {
  const [chosen, setView] = useState('source');
  const view = pool.views.includes(chosen) ? chosen : (pool.views[0] ?? '');
  const { showing, setShowing } = review;
  return (
    <div className={classes.views} data-verdict={sample.verdict ?? undefined}>
      {showing === 'beside' ? (
        <div className={classes.viewsBeside}>
          {[...pool.views.slice(0, 1), RESULT, ...pool.views.slice(1)].map((name) => (
            <figure key={name}>
              {name === RESULT ? (
                <Result pool={pool} sample={sample} side={HALF_SIDE} />
              ) : (
                <View pool={pool} sample={sample} view={name} side={HALF_SIDE} />
              )}
              <figcaption>{name === RESULT ? `result, as ${sample.label}` : words(name)}</figcaption>
            </figure>
          ))}
        </div>
      ) : showing === 'slider' ? (
        <Under pool={pool} sample={sample} view={view} />
      ) : (
        <figure>
          <div className={classes.difference}>
            <Result pool={pool} sample={sample} side={SIDE} />
            <View pool={pool} sample={sample} view={view} side={SIDE} />
          </div>
          <figcaption>What differs from the {words(view)}, brightened; black is the same.</figcaption>
        </figure>
      )}
      <div className={classes.viewsChoice}>
        <SegmentedControl
          size="xs"
          aria-label="How the result is compared"
          value={showing}
          onChange={(value) => setShowing(value)}
          data={SHOWINGS.map(({ name, label }) => ({ value: name, label }))}
        />
        {showing !== 'beside' && pool.views.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="What the result is compared with"
            value={view}
            onChange={setView}
            data={pool.views.map((name) => ({ value: name, label: words(name) }))}
          />
        )}
      </div>
    </div>
  );
}

/** The view lies over the result, as far as the slider says. */
function Under({ pool, sample, view }: Omit<Props, 'review'> & { view: string }) {
  const [at, setAt] = useState(50);
  return (
    <figure>
      <div className={classes.difference} data-slider>
        <Result pool={pool} sample={sample} side={SIDE} />
        <div style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }}>
          <View pool={pool} sample={sample} view={view} side={SIDE} />
        </div>
      </div>
      <Slider
        mt="sm"
        label={null}
        value={at}
        onChange={setAt}
        thumbLabel={`How much of the ${words(view)} is seen, in percent`}
      />
      <figcaption>
        <Text span size="sm" c="dimmed">
          {words(view)} on the left, result on the right
        </Text>
      </figcaption>
    </figure>
  );
}

function Result({ pool, sample, side }: { pool: Schemas['Pool']; sample: Sample; side: number }) {
  return (
    <SampleImage
      sample={sample}
      resolution={pool.resolution}
      side={side}
      alt={`Sample ${sample.index}, made into ${sample.label}`}
    />
  );
}

type ViewProps = { pool: Schemas['Pool']; sample: Sample; view: string; side: number };

function View({ pool, sample, view, side }: ViewProps) {
  const scale = scaleFor(pool.resolution, side);
  const src = address('/api/v1/samples/{id}/image/', { id: sample.id }, { scale, view });
  return (
    <img
      className={classes.image}
      src={src}
      alt={`The ${words(view)} of sample ${sample.index}`}
      width={side}
      height={side}
      decoding="async"
      draggable={false}
    />
  );
}

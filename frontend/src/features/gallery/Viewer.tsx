import { ActionIcon, Button, Group, Kbd, SegmentedControl, Text, Tooltip } from '@mantine/core';
import { IconArrowLeft, IconChevronLeft, IconChevronRight, IconColumns2 } from '@tabler/icons-react';
import { useEffect } from 'react';
import { address } from '@/api/address';
import { api, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { count, measured } from '@/components/format';
import { scaleFor } from './columns';
import { History } from './History';
import { Nearest } from './Nearest';
import { Provenance } from './Provenance';
import { SampleImage } from './SampleImage';
import type { Review } from './review';
import { ScoreBars } from './ScoreBars';
import { Views } from './Views';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

const SIDE = 448;

type Props = {
  pool: Schemas['Pool'];
  sample: Sample;
  review: Review;
  /** How many are loaded, and how many match (null where that is not known yet). */
  length: number;
  total: number | null;
};

/** One sample large, with what was measured of it and the training images next to it. */
export function Viewer({ pool, sample, review, length, total }: Props) {
  const { place, next, side, setSide, move, close, beside, compare } = review;
  const detail = api.useQuery('get', '/api/v1/samples/{id}/', { params: { path: { id: sample.id } } });
  // Fetched ahead, so that it is there when it is its turn.
  useEffect(() => {
    if (next === undefined) return;
    new Image().src = address(
      '/api/v1/samples/{id}/image/',
      { id: next.id },
      { scale: scaleFor(pool.resolution, SIDE) },
    );
  }, [next, pool.resolution]);
  return (
    <section className={classes.viewer} data-two={beside !== undefined || undefined} aria-label="Sample, large">
      <div>
        <Group justify="space-between" mb="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconArrowLeft size={14} />}
            rightSection={<Kbd size="xs">Esc</Kbd>}
            onClick={close}
          >
            Back to the grid
          </Button>
          <Group gap={4}>
            <Step label="Sample before" onPress={() => move('left')} disabled={place === 0}>
              <IconChevronLeft size={18} />
            </Step>
            <Text size="sm" className="numbers">
              {count(place + 1)} of {total === null ? `${count(length)}+` : count(total)}
            </Text>
            <Step label="Next sample" onPress={() => move('right')} disabled={place + 1 >= length}>
              <IconChevronRight size={18} />
            </Step>
          </Group>
        </Group>
        <div className={classes.pair}>
          {beside !== undefined && <Stage pool={pool} sample={beside} name="A, held" views={null} />}
          <Stage
            pool={pool}
            sample={sample}
            name={beside === undefined ? null : 'B, to be judged'}
            views={beside === undefined && pool.views.length > 0 ? review : null}
          />
        </div>
      </div>
      <div>
        <ScoreBars sample={sample} beside={beside} />
        <Button
          size="compact-sm"
          variant="default"
          mt="sm"
          onClick={compare}
          leftSection={<IconColumns2 size={14} />}
          rightSection={<Kbd size="xs">{review.sign('compare')}</Kbd>}
        >
          {beside === undefined ? 'Compare with those that follow' : 'End the comparison'}
        </Button>
        <SegmentedControl
          fullWidth
          size="xs"
          mt="md"
          mb="sm"
          aria-label="Beside the sample"
          value={side}
          onChange={(value) => setSide(value)}
          data={[
            { value: 'nearest', label: `Nearest (${review.sign('nearest')})` },
            { value: 'info', label: `Made from (${review.sign('info')})` },
            { value: 'history', label: `History (${review.sign('history')})` },
          ]}
        />
        {side === 'history' ? (
          <History sample={sample.id} />
        ) : detail.data === undefined ? (
          detail.error === null ? (
            <Waiting lines={4} />
          ) : (
            <Fault error={detail.error} onRetry={() => void detail.refetch()} />
          )
        ) : side === 'nearest' ? (
          <Nearest pool={pool} sample={sample} detail={detail.data} />
        ) : (
          <Provenance detail={detail.data} />
        )}
      </div>
    </section>
  );
}

type StageProps = { pool: Schemas['Pool']; sample: Sample; name: string | null; views: Review | null };

/** A sample as large as there is room, with what was said of it. */
function Stage({ pool, sample, name, views }: StageProps) {
  return (
    <figure className={classes.shown}>
      <div className={classes.stage} data-verdict={sample.verdict ?? undefined}>
        {views === null ? (
          <SampleImage
            sample={sample}
            resolution={pool.resolution}
            side={SIDE}
            alt={`Sample ${sample.index}, drawn as ${sample.label}`}
          />
        ) : (
          <Views pool={pool} sample={sample} review={views} />
        )}
      </div>
      <figcaption>
        <Text mt="xs" ta="center" fw={600}>
          {name !== null && `${name}: `}
          {sample.label}
        </Text>
        <Text ta="center" size="sm" c="dimmed">
          {sentenceOf(sample)}
        </Text>
      </figcaption>
    </figure>
  );
}

function Step({
  label,
  onPress,
  disabled,
  children,
}: {
  label: string;
  onPress: () => void;
  disabled: boolean;
  children: React.ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={onPress} disabled={disabled}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

/** Your verdict and rating, the lab's, and what the selection did. */
function sentenceOf(sample: Sample): string {
  const own =
    sample.verdict === null
      ? 'No verdict of yours'
      : sample.verdict === 'accept'
        ? 'You accepted it'
        : 'You rejected it';
  const rating = sample.rating === null ? '' : `, rated it ${sample.rating} of 5`;
  const star = sample.starred ? ', starred it' : '';
  const lab = `the lab's standing is ${sample.standing}${sample.disputed ? ', disputed' : ''}`;
  const mean =
    sample.mean_rating === null ? '' : `, its mean rating ${measured(Number(sample.mean_rating.toPrecision(2)))}`;
  const kept =
    sample.kept === null
      ? ''
      : sample.kept
        ? `; kept, rank ${count((sample.rank ?? 0) + 1)}`
        : `; dropped: ${sample.reason.replaceAll('_', ' ')}`;
  return `${own}${rating}${star}; ${lab}${mean}${kept}.`;
}

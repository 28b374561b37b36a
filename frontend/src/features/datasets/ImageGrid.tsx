import { Anchor, Button, Group, Modal, Select, Text, UnstyledButton } from '@mantine/core';
import { useState, type MouseEvent } from 'react';
import { api, cursorOf, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { bytes, count } from '@/components/format';
import { MoreButton } from '@/components/MoreButton';
import { Panel } from '@/components/Page';
import { excluding, relabelling, without, type Edits } from './edits';
import { MarkBar } from './MarkBar';
import { SPLITS, type Split } from './words';
import classes from './ImageGrid.module.css';

type Version = Schemas['DatasetVersion'];
type Image = Schemas['DatasetImage'];
type Props = {
  version: Version;
  label: string | null;
  onLabel: (label: string | null) => void;
  edits: Edits;
  /** null for people who make no versions. */
  onEdits: ((edits: Edits) => void) | null;
};

/** The version's images as thumbnails, by class and split; marked ones can be excluded or relabelled. */
export function ImageGrid({ version, label, onLabel, edits, onEdits }: Props) {
  const [marked, setMarked] = useState<ReadonlySet<number> | null>(null);
  const [anchor, setAnchor] = useState(0);
  const [split, setSplit] = useState<Split | null>(null);
  const [open, setOpen] = useState<Image | null>(null);
  const query = { ...(label === null ? {} : { label }), ...(split === null ? {} : { split }), limit: 120 };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/versions/{id}/images/',
    { params: { path: { id: version.id }, query } },
    { initialPageParam: null, getNextPageParam: (page) => cursorOf(page.next) },
  );
  const images = data?.pages.flatMap((page) => page.results) ?? [];
  const mark = (place: number, event: MouseEvent) => {
    const [low, high] = event.shiftKey ? [Math.min(anchor, place), Math.max(anchor, place)] : [place, place];
    const range = images.slice(low, high + 1).map((image) => image.index);
    const next = new Set(marked);
    const off = !event.shiftKey && range.every((index) => next.has(index));
    for (const index of range) {
      if (off) next.delete(index);
      else next.add(index);
    }
    setMarked(next);
    setAnchor(place);
  };
  const edit = (change: (images: Iterable<number>) => Edits) => {
    onEdits?.(change(marked ?? []));
    setMarked(new Set());
  };
  return (
    <Panel
      title="Images"
      actions={
        <Group gap="xs">
          {onEdits !== null && (
            <Button
              size="compact-sm"
              variant={marked === null ? 'default' : 'filled'}
              aria-pressed={marked !== null}
              onClick={() => setMarked(marked === null ? new Set() : null)}
            >
              Mark images
            </Button>
          )}
          <Select
            aria-label="Class"
            placeholder="Every class"
            size="xs"
            w={160}
            clearable
            searchable
            data={version.classes}
            value={label}
            onChange={onLabel}
          />
          <Select
            aria-label="Split"
            placeholder="Every split"
            size="xs"
            w={120}
            clearable
            data={[...SPLITS]}
            value={split}
            onChange={(value) => setSplit(value)}
          />
        </Group>
      }
    >
      {data === undefined &&
        (error === null ? <Waiting lines={5} height={96} /> : <Fault error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && images.length === 0 && (
        <Text size="sm" c="dimmed">
          No image of this class lies in this split.
        </Text>
      )}
      {marked !== null && (
        <MarkBar
          marked={marked.size}
          classNames={version.classes}
          onExclude={() => edit((chosen) => excluding(edits, chosen))}
          onRelabel={(name) => edit((chosen) => relabelling(edits, chosen, name))}
          onRestore={() => edit((chosen) => without(edits, chosen))}
          onAll={() => setMarked(new Set(images.map((image) => image.index)))}
          onNone={() => setMarked(new Set())}
        />
      )}
      <ul className={classes.grid}>
        {images.map((image, place) => (
          <li key={image.index}>
            <UnstyledButton
              className={classes.tile}
              onClick={(event) => (marked === null ? setOpen(image) : mark(place, event))}
              title={image.name}
              aria-pressed={marked === null ? undefined : marked.has(image.index)}
              data-marked={marked?.has(image.index) === true || undefined}
              data-excluded={edits.excluded.has(image.index) || undefined}
            >
              <img
                src={image.thumbnail}
                alt={`${image.label}, ${image.split}`}
                loading="lazy"
                decoding="async"
                data-small={Math.max(image.width, image.height) < 96}
              />
              <span className={classes.caption}>{captionOf(image, edits)}</span>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      <Modal
        opened={open !== null}
        onClose={() => setOpen(null)}
        title={open === null ? '' : `${open.label}, ${open.split}`}
        size="lg"
      >
        {open !== null && <Detail image={open} />}
      </Modal>
    </Panel>
  );
}

function captionOf({ index, label }: Image, edits: Edits): string {
  if (edits.excluded.has(index)) return 'excluded';
  const relabelled = edits.relabelled.get(index);
  return relabelled === undefined ? label : `${label} → ${relabelled}`;
}

function Detail({ image }: { image: Image }) {
  return (
    <>
      <img className={classes.large} src={image.thumbnail} alt={image.label} />
      <Text size="sm" mt="sm" style={{ overflowWrap: 'anywhere' }}>
        {image.name}
      </Text>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" className="numbers">
          {count(image.width)} × {count(image.height)} pixels, {bytes(image.size_bytes)},{' '}
          {image.is_grey ? 'grey' : 'colour'}
        </Text>
        <Anchor size="sm" href={image.original} download>
          Download the original
        </Anchor>
      </Group>
      {image.near !== null && (
        <Text size="sm" c="dimmed">
          It has near duplicates in this version; they lie in the same split.
        </Text>
      )}
    </>
  );
}

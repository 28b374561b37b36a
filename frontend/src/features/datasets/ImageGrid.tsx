import { Button, Group, Modal, Select, Text, UnstyledButton } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type MouseEvent } from 'react';
import { api, cursorOf, http, take, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { MoreButton } from '@/components/MoreButton';
import { Panel } from '@/components/Page';
import { excluding, fateOf, relabelling, without, type Edits } from './edits';
import { FilterLine } from './FilterLine';
import { queryOf, type Filters } from './filters';
import { ImageDetail } from './ImageDetail';
import { MarkBar } from './MarkBar';
import { SPLITS } from './words';
import classes from './ImageGrid.module.css';

type Version = Schemas['DatasetVersion'];
type Image = Schemas['DatasetImage'];
type Props = {
  version: Version;
  filters: Filters;
  onFilter: (part: Partial<Filters>) => void;
  /** How many images match the filters; undefined while that is counted. */
  matching: number | undefined;
  edits: Edits;
  /** null for people who make no versions. */
  onEdits: ((edits: Edits) => void) | null;
};

/** The version's images as thumbnails, as far as they match; marked ones can be excluded or relabelled. */
export function ImageGrid({ version, filters, onFilter, matching, edits, onEdits }: Props) {
  const [marked, setMarked] = useState<ReadonlySet<number> | null>(null);
  const [anchor, setAnchor] = useState(0);
  const [open, setOpen] = useState<Image | null>(null);
  const query = { ...queryOf(filters), limit: 120 };
  const markAll = useMutation({
    mutationFn: () =>
      take(
        http.GET('/api/v1/versions/{id}/images/indices/', {
          params: { path: { id: version.id }, query: queryOf(filters) },
        }),
      ),
    onSuccess: ({ indices }) => setMarked(new Set(indices)),
  });
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
            value={filters.label}
            onChange={(label) => onFilter({ label })}
          />
          <Select
            aria-label="Split"
            placeholder="Every split"
            size="xs"
            w={120}
            clearable
            data={[...SPLITS]}
            value={filters.split}
            onChange={(split) => onFilter({ split })}
          />
        </Group>
      }
    >
      <FilterLine filters={filters} matching={matching} onFilter={onFilter} />
      <Fault error={markAll.error} />
      {data === undefined &&
        (error === null ? <Waiting lines={5} height={96} /> : <Fault error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && images.length === 0 && (
        <Text size="sm" c="dimmed">
          No image matches the filters.
        </Text>
      )}
      {marked !== null && (
        <MarkBar
          marked={marked.size}
          classNames={version.classes}
          onExclude={() => edit((chosen) => excluding(edits, chosen))}
          onRelabel={(name) => edit((chosen) => relabelling(edits, chosen, name))}
          onRestore={() => edit((chosen) => without(edits, chosen))}
          matching={matching}
          onAll={() => markAll.mutate()}
          onNone={() => setMarked(new Set())}
        />
      )}
      <ul className={classes.grid} data-pairs={images.some((image) => image.pair !== null) || undefined}>
        {images.map((image, place) => (
          <li key={image.index}>
            <UnstyledButton
              className={classes.tile}
              onClick={(event) => (marked === null ? setOpen(image) : mark(place, event))}
              title={image.name}
              aria-pressed={marked === null ? undefined : marked.has(image.index)}
              data-marked={marked?.has(image.index) === true || undefined}
              data-excluded={fateOf(edits, image) === null || undefined}
            >
              <span className={classes.halves}>
                {image.pair !== null && (
                  <img
                    src={image.pair.thumbnail}
                    alt="Half A"
                    loading="lazy"
                    decoding="async"
                    data-small={isSmall(image)}
                  />
                )}
                <img
                  src={image.thumbnail}
                  alt={`${image.label}, ${image.split}`}
                  loading="lazy"
                  decoding="async"
                  data-small={isSmall(image)}
                />
              </span>
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
        {open !== null && <ImageDetail image={open} attributes={version.attributes} />}
      </Modal>
    </Panel>
  );
}

function captionOf(image: Image, edits: Edits): string {
  const fate = fateOf(edits, image);
  if (fate === null) return 'excluded';
  return fate === image.label ? fate : `${image.label} → ${fate}`;
}

function isSmall({ width, height }: Image): boolean {
  return Math.max(width, height) < 96;
}

import { Anchor, Group, Modal, Select, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { api, cursorOf, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { bytes, count } from '@/components/format';
import { MoreButton } from '@/components/MoreButton';
import { Panel } from '@/components/Page';
import { SPLITS, type Split } from './words';
import classes from './ImageGrid.module.css';

type Version = Schemas['DatasetVersion'];
type Image = Schemas['DatasetImage'];
type Props = { version: Version; label: string | null; onLabel: (label: string | null) => void };

/** The version's images as thumbnails, by class and split. */
export function ImageGrid({ version, label, onLabel }: Props) {
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
  return (
    <Panel
      title="Images"
      actions={
        <Group gap="xs">
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
      <ul className={classes.grid}>
        {images.map((image) => (
          <li key={image.index}>
            <UnstyledButton className={classes.tile} onClick={() => setOpen(image)} title={image.name}>
              <img
                src={image.thumbnail}
                alt={`${image.label}, ${image.split}`}
                loading="lazy"
                decoding="async"
                data-small={Math.max(image.width, image.height) < 96}
              />
              <span className={classes.caption}>{image.label}</span>
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
    </>
  );
}

import { Button, Checkbox, Group, SegmentedControl, Select, Stack, Text, useComputedColorScheme } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { count, plural } from '@/components/format';
import { Panel } from '@/components/Page';
import { useWidth } from '@/components/useWidth';
import { readArea, writeArea, cornersOf, type Box, type Corner, type ViewName } from './area';
import { Legend } from './Legend';
import { colouredBy, lookOf, markedIn, type ColourBy } from './look';
import { MapCanvas, type Tool } from './MapCanvas';
import { WHOLE, zoomed, type Size } from './plane';
import { pointsOf, tally, useMap, viewOf, within, type Points } from './points';
import { Readout } from './Readout';
import { RealImages } from './RealImages';
import classes from './Map.module.css';

type Props = {
  run: Schemas['Run'];
  pool: Schemas['Pool'];
  view: ViewName;
  onView: (view: ViewName) => void;
  /** As it stands in the address; null: everywhere. */
  area: string | null;
  onArea: (area: string | null) => void;
  /** The one class that is looked at. */
  label: string | null;
  onLabel: (label: string | null) => void;
};

/** Training images and samples on one plane; what is encircled there filters the grid below. */
export function MapPanel(props: Props) {
  const { may } = useLab();
  const { run, pool } = props;
  const map = useMap(pool);
  // Imported images are imported anew; the form has no recipe for them.
  const again =
    run.origin === null ? `/runs/new?version=${run.version}&like=${run.id}` : `/versions/${run.version}/import`;
  return (
    <section aria-label="Map">
      <Panel>
        {!pool.has_map ? (
          <Empty
            title="No map"
            action={
              may('researcher') && (
                <Button component={Link} variant="default" to={again}>
                  Run its recipe again
                </Button>
              )
            }
          >
            This run was scored before there were maps; a map comes with the scores of a new run.
          </Empty>
        ) : map.data === undefined ? (
          <>
            <Fault error={map.error} onRetry={() => void map.refetch()} />
            {map.error === null && <Waiting lines={6} height={60} />}
          </>
        ) : (
          <MapOf {...props} map={map.data} />
        )}
      </Panel>
    </section>
  );
}

const VIEW_NAMES: Record<ViewName, string> = { pca: 'Overview (PCA)', tsne: 'Neighbours (t-SNE)' };
const VIEW_HINTS: Record<ViewName, string> = {
  pca: 'The two directions in which the training images differ most; samples are seen from there.',
  tsne: 'Alike images stand together; how far groups are from each other says nothing.',
};

type MapProps = Omit<Props, 'run'> & { map: Schemas['PoolMap'] };

function MapOf({ pool, map, view: wanted, onView, area, onArea, label, onLabel }: MapProps) {
  const view = viewOf(map, wanted) ?? map.views[0];
  const points = useMemo(() => (view === undefined ? null : pointsOf(view)), [view]);
  const chosen = useMemo(() => {
    const read = readArea(area);
    return read !== null && read.view === view?.name ? read.corners : null;
  }, [area, view]);
  if (view === undefined || points === null) return <Empty title="No map">There was nothing to place.</Empty>;
  return (
    <Plane
      key={view.name}
      pool={pool}
      points={points}
      chosen={chosen}
      onChoose={(corners) => onArea(corners === null ? null : writeArea({ view: view.name, corners }))}
      label={label}
      onLabel={onLabel}
      head={
        <>
          <Select
            aria-label="View of the map"
            size="xs"
            w={180}
            allowDeselect={false}
            data={map.views.map(({ name }) => ({ value: name, label: VIEW_NAMES[name] }))}
            value={view.name}
            onChange={(name) => onView(name ?? 'pca')}
          />
        </>
      }
      foot={
        <>
          {VIEW_HINTS[view.name]} {partOf('training images', view.real.keys.length, map.num_real)}
          {partOf('samples', view.samples.keys.length, map.num_samples)}
        </>
      }
    />
  );
}

/** Said only where not everything is on the map. */
function partOf(what: string, shown: number, all: number): string {
  return shown === all ? '' : `Of ${count(all)} ${what} a fixed part of ${count(shown)} is placed. `;
}

type PlaneProps = Pick<Props, 'pool' | 'label' | 'onLabel'> & {
  points: Points;
  chosen: readonly Corner[] | null;
  onChoose: (corners: readonly Corner[] | null) => void;
  head: React.ReactNode;
  foot: React.ReactNode;
};

const NOTHING_HIDDEN = { real: true, samples: true };

function Plane({ pool, points, chosen, onChoose, label, onLabel, head, foot }: PlaneProps) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const size: Size = { width: Math.max(0, width - 2), height: Math.min(460, Math.max(280, Math.round(width * 0.74))) };
  const isDark = useComputedColorScheme() === 'dark';
  const [colourBy, setColourBy] = useLocalStorage<ColourBy>({
    key: 'atelier-map-colours',
    defaultValue: 'source',
    getInitialValueInEffect: false,
  });
  const [tool, setTool] = useState<Tool>('lasso');
  const [camera, setCamera] = useState(WHOLE);
  const [draft, setDraft] = useState<Box | null>(null);
  const [pointed, setPointed] = useState<{ place: number; pixel: Corner } | null>(null);
  const [shown, setShown] = useState(NOTHING_HIDDEN);

  const inArea = useMemo(() => (chosen === null ? null : within(points, chosen)), [points, chosen]);
  const colour = useMemo(() => colouredBy(points, colourBy, isDark), [points, colourBy, isDark]);
  const index = label === null ? null : pool.classes.indexOf(label);
  const look = useMemo(
    () => ({ colour, ...lookOf(points, inArea, index, shown) }),
    [points, colour, inArea, index, shown],
  );
  const marked = useMemo(() => (inArea === null ? null : markedIn(look)), [inArea, look]);
  const choose = (corners: readonly Corner[] | null) => {
    setDraft(null);
    onChoose(corners);
  };
  const middle: Corner = [size.width / 2, size.height / 2];
  return (
    <Stack gap="xs">
      <Group gap="8px">
        {head}
        <SegmentedControl
          size="xs"
          aria-label="Colours"
          data={[
            { value: 'source', label: 'Real or synthetic' },
            { value: 'class', label: 'Class' },
          ]}
          value={colourBy}
          onChange={(by) => setColourBy(by)}
        />
        <SegmentedControl
          size="xs"
          aria-label="What the pointer does"
          data={[
            { value: 'lasso', label: 'Lasso' },
            { value: 'rectangle', label: 'Rectangle' },
            { value: 'move', label: 'Move' },
          ]}
          value={tool}
          onChange={(name) => setTool(name)}
        />
        <Button.Group>
          <Button
            size="xs"
            variant="default"
            aria-label="Closer"
            onClick={() => setCamera(zoomed(camera, size, 2, middle))}
          >
            +
          </Button>
          <Button
            size="xs"
            variant="default"
            aria-label="Further"
            onClick={() => setCamera(zoomed(camera, size, 0.5, middle))}
          >
            −
          </Button>
          <Button size="xs" variant="default" onClick={() => setCamera(WHOLE)}>
            All
          </Button>
        </Button.Group>
      </Group>
      <div className={classes.columns}>
        <div ref={ref}>
          <div className={classes.frame} style={{ height: size.height + 2 }}>
            <MapCanvas
              points={points}
              look={look}
              tool={tool}
              camera={camera}
              onCamera={setCamera}
              size={size}
              chosen={chosen}
              onChoose={choose}
              draft={draft}
              onDraft={setDraft}
              onPoint={(place, pixel) => setPointed(place === null ? null : { place, pixel })}
            />
            {pointed !== null && <Readout pool={pool} points={points} {...pointed} size={size} />}
          </div>
          <Text id="map-keys" size="xs" c="dimmed" mt={6}>
            {foot} With the map focused, arrows set and move a rectangle, Shift and arrows size it, Enter chooses it,
            Escape clears; + and − and Ctrl with the wheel zoom, 0 shows all.
          </Text>
        </div>
        <Stack gap="sm">
          <Group gap="md">
            {(['real', 'samples'] as const).map((source) => (
              <Checkbox
                key={source}
                size="xs"
                label={
                  <Group gap={6} wrap="nowrap">
                    <span
                      className={classes.swatch}
                      data-source={source}
                      style={{
                        color: colourBy === 'class' ? undefined : `var(--${source === 'real' ? 'real' : 'synthetic'})`,
                      }}
                    />
                    {source === 'real' ? 'Training images' : 'Samples'}
                  </Group>
                }
                checked={shown[source]}
                onChange={(event) => setShown({ ...shown, [source]: event.currentTarget.checked })}
              />
            ))}
          </Group>
          <Legend
            classNames={pool.classes}
            points={points}
            colourBy={colourBy}
            isDark={isDark}
            chosen={label}
            onChoose={onLabel}
          />
          {draft !== null && <Held points={points} box={draft} />}
          {marked === null && draft === null && (
            <Text size="sm" c="dimmed">
              Draw around points: the grid below shows the samples there, and this place the training images.
            </Text>
          )}
          {marked !== null && (
            <Chosen
              points={points}
              marked={marked}
              onClear={() => choose(null)}
              version={pool.version}
              classNames={pool.classes}
            />
          )}
        </Stack>
      </div>
    </Stack>
  );
}

/** What the rectangle holds before it is chosen. */
function Held({ points, box }: { points: Points; box: Box }) {
  return (
    <Text size="sm" role="status">
      The rectangle holds {wordsOf(points, within(points, cornersOf(box)))}; Enter chooses it.
    </Text>
  );
}

type ChosenProps = {
  points: Points;
  /** Those in the area and of the class that is looked at. */
  marked: Uint8Array;
  onClear: () => void;
  version: string;
  classNames: string[];
};

function Chosen({ points, marked, onClear, version, classNames }: ChosenProps) {
  return (
    <div>
      <Text size="sm" role="status">
        In the area: {wordsOf(points, marked)}. The grid shows its samples as far as the other filters let them through.
      </Text>
      <Button size="compact-xs" variant="default" my={8} onClick={onClear}>
        Clear the area
      </Button>
      <RealImages points={points} marked={marked} version={version} classNames={classNames} />
    </div>
  );
}

function wordsOf(points: Points, marked: Uint8Array): string {
  const { real, samples } = tally(points, marked);
  return `${plural(samples, 'sample')} and ${plural(real, 'training image')}`;
}

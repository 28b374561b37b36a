import { Button, Checkbox, Group, RangeSlider, SimpleGrid, Slider, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { lazy, Suspense, useDeferredValue, useMemo, useState, type ReactNode } from 'react';
import { api } from '@/api/client';
import type { Steps } from '@/components/Curve';
import { Waiting } from '@/components/Fault';
import { count, sentence } from '@/components/format';
import { Panel } from '@/components/Page';
import { groupsOf, together, type Curves as Values } from './curves';
import { useView } from './view';

/** uPlot is loaded with the first chart. */
const Curve = lazy(async () => ({ default: (await import('@/components/Curve')).Curve }));

type Props = {
  /** One run, or several that are compared. */
  runs: { curves: Values }[];
  /** Chooses the runs beside this one. */
  picker?: ReactNode;
};

/** What runs logged, one chart per kind; smoothing and axes are remembered on this machine, the steps in the address. */
export function Curves({ runs, picker }: Props) {
  const [smoothing, setSmoothing] = useLocalStorage({ key: 'atelier-smoothing', defaultValue: 0.6 });
  const [logarithmic, setLogarithmic] = useLocalStorage({ key: 'atelier-log-axis', defaultValue: false });
  const [clipped, setClipped] = useLocalStorage({ key: 'atelier-clip-outliers', defaultValue: false });
  const [{ steps: zoom }, setView] = useView();
  const drawn = useDeferred(zoom);
  const curves = useSame(runs.map((run) => run.curves));
  const groups = useMemo(
    () => (curves.length === 1 && curves[0] !== undefined ? groupsOf(curves[0]) : together(curves)),
    [curves],
  );
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const titleOf = (title: string) =>
    catalogue?.metrics.find((metric) => title === `metric/${metric.name}`)?.card.title ?? sentence(title);
  return (
    <Panel
      title="Curves"
      actions={
        <Group gap="lg">
          <StepRange curves={curves} zoom={zoom} onZoom={(steps) => setView({ steps })} />
          <Group gap="xs" wrap="nowrap">
            <Text size="sm" id="smoothing">
              Smoothing
            </Text>
            <Slider
              w={110}
              size="sm"
              min={0}
              max={0.98}
              step={0.02}
              value={smoothing}
              onChange={setSmoothing}
              thumbProps={{ 'aria-labelledby': 'smoothing' }}
            />
          </Group>
          <Checkbox
            size="xs"
            label="Logarithmic"
            checked={logarithmic}
            onChange={(event) => setLogarithmic(event.currentTarget.checked)}
          />
          <Checkbox
            size="xs"
            label="Clip outliers"
            title="The most extreme two of a hundred values at each end may lie outside the chart"
            checked={clipped}
            onChange={(event) => setClipped(event.currentTarget.checked)}
          />
        </Group>
      }
    >
      {picker !== undefined && <div style={{ marginBottom: 16 }}>{picker}</div>}
      {groups.length === 0 ? (
        <Text size="sm" c="dimmed">
          The first values come with the first training steps.
        </Text>
      ) : (
        <Suspense fallback={<Waiting lines={4} />}>
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            {groups.map((group) => (
              <Curve
                key={group.title}
                {...group}
                title={titleOf(group.title)}
                smoothing={smoothing}
                logarithmic={logarithmic}
                clipped={clipped}
                zoom={drawn}
                onZoom={(steps) => setView({ steps })}
              />
            ))}
          </SimpleGrid>
          {groups.some((group) => group.title === 'loss') && (
            <Text size="xs" c="dimmed" mt="sm">
              Losses of a GAN do not fall like a classifier's: G and D pull against each other, and level lines are a
              good sign. Judge by the samples and by the metrics.
            </Text>
          )}
        </Suspense>
      )}
    </Panel>
  );
}

type RangeProps = { curves: Values[]; zoom: Steps | null; onZoom: (steps: Steps | null) => void };

/** Which steps all charts show; by dragging in one of them, too. */
function StepRange({ curves, zoom, onZoom }: RangeProps) {
  const [dragged, setDragged] = useState<[number, number] | null>(null);
  const first = Math.min(...curves.map(({ steps }) => steps[0] ?? Infinity));
  const last = Math.max(...curves.map(({ steps }) => steps.at(-1) ?? 0));
  if (last - first < 2) return null;
  const shown = [Math.max(first, zoom?.[0] ?? first), Math.min(last, zoom?.[1] ?? last)] as const;
  return (
    <Group gap="xs" wrap="nowrap">
      <Text size="sm">Steps</Text>
      <RangeSlider
        w={140}
        size="sm"
        min={first}
        max={last}
        minRange={1}
        value={dragged ?? [...shown]}
        onChange={setDragged}
        onChangeEnd={([from, to]) => {
          setDragged(null);
          onZoom(from <= first && to >= last ? null : [from, to]);
        }}
        label={count}
        thumbFromLabel="First step shown"
        thumbToLabel="Last step shown"
      />
      {zoom !== null && (
        <Button size="compact-xs" variant="default" onClick={() => onZoom(null)}>
          All steps
        </Button>
      )}
    </Group>
  );
}

/** The steps that the charts show: a moment behind the slider, which must not wait while they are drawn. */
function useDeferred(zoom: Steps | null): Steps | null {
  const from = useDeferredValue(zoom?.[0] ?? null);
  const to = useDeferredValue(zoom?.[1] ?? null);
  return from === null || to === null ? null : [from, to];
}

/** The list from before for as long as all that it holds is the same, so that charts are drawn anew only for new values. */
function useSame<T>(list: T[]): T[] {
  const [kept, keep] = useState(list);
  if (kept.length === list.length && kept.every((one, place) => one === list[place])) return kept;
  keep(list);
  return list;
}

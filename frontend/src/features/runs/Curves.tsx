import { Checkbox, Group, SimpleGrid, Slider, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { lazy, Suspense, useMemo } from 'react';
import { api } from '@/api/client';
import { Waiting } from '@/components/Fault';
import { sentence } from '@/components/format';
import { Panel } from '@/components/Page';
import { groupsOf, type Curves as Values } from './curves';

/** uPlot is loaded with the first chart. */
const Curve = lazy(async () => ({ default: (await import('@/components/Curve')).Curve }));

/** What the run logged, one chart per kind; smoothing and axes are remembered on this machine. */
export function Curves({ curves }: { curves: Values }) {
  const [smoothing, setSmoothing] = useLocalStorage({ key: 'atelier-smoothing', defaultValue: 0.6 });
  const [logarithmic, setLogarithmic] = useLocalStorage({ key: 'atelier-log-axis', defaultValue: false });
  const [clipped, setClipped] = useLocalStorage({ key: 'atelier-clip-outliers', defaultValue: false });
  const groups = useMemo(() => groupsOf(curves), [curves]);
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const titleOf = (title: string) =>
    catalogue?.metrics.find((metric) => title === `metric/${metric.name}`)?.card.title ?? sentence(title);
  return (
    <Panel
      title="Curves"
      actions={
        <Group gap="lg">
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

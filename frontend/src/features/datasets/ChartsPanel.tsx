import { Group, SimpleGrid, Text, Title } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { plural } from '@/components/format';
import { Histogram } from '@/components/Histogram';
import { Panel } from '@/components/Page';
import { isFiltered, rangeInWords, type Filters } from './filters';

type Props = {
  charts: Schemas['Charts'] | undefined;
  filters: Filters;
  onFilter: (part: Partial<Filters>) => void;
};

/** How the images spread over brightness and size; a press on a bar shows only its images. */
export function ChartsPanel({ charts, filters, onFilter }: Props) {
  if (charts === undefined) return null;
  return (
    <Panel title="Brightness and size">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        {charts.brightness.length > 0 && (
          <div>
            <Title order={3} size="h6" mb={6}>
              Mean grey, 0 to 255
            </Title>
            <Histogram
              bars={charts.brightness}
              chosen={filters.brightness}
              onChoose={(brightness) => onFilter({ brightness })}
              nameOf={({ low, high }) => rangeInWords([low, high])}
              label="Images by brightness; press a bar to see only its images"
            />
          </div>
        )}
        <div>
          <Title order={3} size="h6" mb={6}>
            Longer side, pixels
          </Title>
          <Histogram
            bars={charts.side}
            chosen={filters.side}
            onChoose={(side) => onFilter({ side })}
            nameOf={({ low, high }) => rangeInWords([low, high])}
            label="Images by size; press a bar to see only its images"
          />
        </div>
      </SimpleGrid>
      <Group justify="space-between" mt="sm">
        <Text size="xs" c="dimmed">
          {isFiltered(filters)
            ? `${plural(charts.images, 'image matches', 'images match')} the filters; each chart leaves out its own filter, so that its other bars stay in sight.`
            : 'All images of the version. Press a bar here, a class or an issue above to see only its images.'}
        </Text>
      </Group>
      <Text size="xs" c="dimmed" mt={4}>
        A map of the training images comes with the first run on this version: it stands in the run’s gallery, beside
        the samples, as the run’s encoder sees them.
      </Text>
    </Panel>
  );
}

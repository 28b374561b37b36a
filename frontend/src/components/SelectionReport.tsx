import { SimpleGrid, Stack } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { Schemas } from '@/api/client';
import { Waiting } from './Fault';
import { count, measured, sentence, words } from './format';
import { Stats } from './Page';

const Curve = lazy(async () => ({ default: (await import('./Curve')).Curve }));

type Report = Schemas['Report'];

/** What a sampler says of itself: what it cost, what it went by, and how it learnt. */
export function SelectionReport({ report }: { report: Report }) {
  const values = Object.entries(report.values);
  const curves = Object.entries(report.curves);
  return (
    <Stack gap="sm">
      {values.length > 0 && (
        <Stats stats={values.map(([name, value]) => ({ label: titleOf(name), value: figure(value) }))} />
      )}
      {curves.length > 0 && (
        <Suspense fallback={<Waiting lines={4} />}>
          <SimpleGrid cols={{ base: 1, sm: curves.length > 1 ? 2 : 1 }}>
            {curves.map(([name, points]) => (
              <Curve
                key={name}
                title={titleOf(name)}
                steps={points.map(([x = 0]) => x)}
                lines={[{ name: words(name), values: points.map(([, y = null]) => y) }]}
                smoothing={0}
                logarithmic={false}
                clipped={false}
                zoom={null}
                onZoom={() => undefined}
                height={150}
              />
            ))}
          </SimpleGrid>
        </Suspense>
      )}
    </Stack>
  );
}

/** Whether there is anything to show. */
export function saysAnything(report: Report): boolean {
  return Object.keys(report.values).length + Object.keys(report.curves).length > 0;
}

function titleOf(name: string): string {
  return sentence(words(name));
}

function figure(value: number): string {
  return Number.isInteger(value) ? count(value) : measured(value);
}

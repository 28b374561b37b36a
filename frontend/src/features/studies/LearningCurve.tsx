import { Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { Curve } from '@/components/Curve';
import { sentence } from '@/components/format';
import { Panel } from '@/components/Page';
import { armInWords } from './arms';
import { worth } from './figures';

/** What real images alone are worth, and the line that synthetic images reach. */
export function LearningCurve({ result }: { result: Schemas['StudyResult'] }) {
  const { curve, baseline } = result;
  const best = result.arms.find((arm) => arm.name === result.best);
  if (curve.length < 2) return null;
  const lines = [
    { name: `${armInWords(baseline)}, real images alone`, values: curve.map((point) => 100 * point.balanced_accuracy) },
    ...(best === undefined
      ? []
      : [
          {
            name: `${armInWords(best.name)}, on all real images`,
            values: curve.map(() => 100 * best.balanced_accuracy.mean),
          },
        ]),
  ];
  return (
    <Panel title="Learning curve">
      <Curve
        title="Balanced accuracy on test images, %, by number of real training images"
        pointed="real images"
        steps={curve.map((point) => point.num_real)}
        lines={lines}
        smoothing={0}
        logarithmic={false}
        clipped={false}
        zoom={null}
        onZoom={() => undefined}
      />
      <Text size="sm" mt="xs">
        {best?.equals_more_real === null || best === undefined
          ? 'The curve cannot say how many real images the gain equals: there is none, or the curve does not reach so far.'
          : `${sentence(armInWords(best.name))} is worth about as much as ${worth(best.equals_more_real)} real images.`}
      </Text>
    </Panel>
  );
}

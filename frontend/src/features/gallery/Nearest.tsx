import { Alert, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { measured } from '@/components/format';
import { SampleImage } from './SampleImage';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

const SIDE = 96;

type Props = { pool: Schemas['Pool']; sample: Sample; detail: Schemas['SampleDetail'] };

/** The training images that lie nearest: whether the model draws something new or what it has seen. */
export function Nearest({ pool, sample, detail }: Props) {
  return (
    <>
      {sample.memorised && (
        <Alert variant="outline" color="yellow" p="xs" mb="sm" title="Memorised">
          It lies nearer to a training image than training images lie to one another; it may be a copy.
        </Alert>
      )}
      <div className={classes.nearest}>
        <figure>
          <SampleImage sample={sample} resolution={pool.resolution} side={SIDE} alt="This sample" />
          <figcaption>this sample</figcaption>
        </figure>
        {detail.nearest.map((neighbour) => (
          <figure key={neighbour.index}>
            <img
              className={classes.image}
              src={neighbour.thumbnail_url}
              width={SIDE}
              height={SIDE}
              alt={`Training image ${neighbour.index}, ${neighbour.label}`}
            />
            <figcaption>
              {neighbour.label}
              <br />
              <span className="numbers">{measured(neighbour.distance)} away</span>
            </figcaption>
          </figure>
        ))}
      </div>
      <Text size="xs" c="dimmed" mt="xs">
        Distances in the space of the encoder that learnt your training images; smaller is more alike.
      </Text>
    </>
  );
}

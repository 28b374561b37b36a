import { address } from '@/api/address';
import { scaleFor } from './columns';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

type Props = { sample: Sample; resolution: number; side: number; alt: string };

/** A sample drawn by the server at a whole multiple of its size, so that every pixel is seen as it is. */
export function SampleImage({ sample, resolution, side, alt }: Props) {
  const src = address('/api/v1/samples/{id}/image/', { id: sample.id }, { scale: scaleFor(resolution, side) });
  return (
    <img className={classes.image} src={src} alt={alt} width={side} height={side} decoding="async" draggable={false} />
  );
}

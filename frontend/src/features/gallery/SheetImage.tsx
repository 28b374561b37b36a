import { address } from '@/api/address';
import type { SheetPart } from './sheets';
import classes from './Gallery.module.css';

type Props = { pool: string; part: SheetPart; side: number; view?: string };

/** One sample, or a view of it, cut out of the sheet that it shares with its neighbours. */
export function SheetImage({ pool, part, side, view }: Props) {
  const { rows, columns, lines, column, line } = part;
  const sheet = address('/api/v1/pools/{id}/sheet/', { id: pool }, view === undefined ? { rows } : { rows, view });
  return (
    <div
      className={classes.image}
      style={{
        width: side,
        height: side,
        backgroundImage: `url("${sheet}")`,
        backgroundSize: `${columns * side}px ${lines * side}px`,
        backgroundPosition: `${-column * side}px ${-line * side}px`,
      }}
    />
  );
}

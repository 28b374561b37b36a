import type { Schemas } from '@/api/client';
import { address } from '@/api/address';
import { SheetImage } from '../SheetImage';
import { sheetPart } from '../sheets';
import type { Corner } from './area';
import type { Size } from './plane';
import type { Points } from './points';
import classes from './Map.module.css';

type Props = { pool: Schemas['Pool']; points: Points; place: number; pixel: Corner; size: Size };

const SIDE = 56;
const ROOM_PX = 230;

/** What the point under the pointer is. */
export function Readout({ pool, points, place, pixel: [left, top], size }: Props) {
  const key = points.key[place] ?? 0;
  const name = pool.classes[points.label[place] ?? 0] ?? '';
  const isReal = points.isReal[place] === 1;
  const where = {
    left: left + ROOM_PX > size.width ? undefined : left + 14,
    right: left + ROOM_PX > size.width ? size.width - left + 14 : undefined,
    top: Math.min(top, size.height - SIDE - 20),
  };
  return (
    <div className={classes.readout} style={where}>
      {isReal ? (
        <img
          src={address('/api/v1/versions/{id}/images/{index}/thumbnail/', { id: pool.version, index: key })}
          alt=""
          width={SIDE}
          height={SIDE}
        />
      ) : (
        <SheetImage pool={pool.id} part={sheetPart(String(key), 0)} side={SIDE} />
      )}
      <span>
        {name}
        <br />
        {isReal ? `training image ${key}` : `sample ${key}`}
      </span>
    </div>
  );
}

import { address } from '@/api/address';
import type { Schemas } from '@/api/client';
import { nameOf, placeOf } from './sheetTiles';
import classes from './Edits.module.css';

type Props = { edit: string; sheet: Schemas['EditSheet']; tile: number; shown?: string };

/** One tile, cut out of the sheet: another one is another part of the same picture, so it is there at once. */
export function EditTile({ edit, sheet, tile, shown = nameOf(sheet, tile) }: Props) {
  const { column, row, columns, rows } = placeOf(sheet, tile);
  const along = columns > 1 ? (100 * column) / (columns - 1) : 0;
  const down = rows > 1 ? (100 * row) / (rows - 1) : 0;
  return (
    <div
      role="img"
      aria-label={shown}
      className={classes.picture}
      data-tile={tile}
      style={{
        backgroundImage: `url("${address('/api/v1/edits/{id}/sheet/', { id: edit })}")`,
        backgroundSize: `${columns * 100}% ${rows * 100}%`,
        backgroundPosition: `${along}% ${down}%`,
      }}
    />
  );
}

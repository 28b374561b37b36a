import { memo, useEffect, useRef, type FocusEvent, type KeyboardEvent } from 'react';
import { numberBeside } from './focus';
import { cellOf, placeAfter, shareWords, valueAfter, type Matrix, type Place } from './matrix';
import classes from './AttributeMatrix.module.css';

type Props = {
  label: string;
  names: string[];
  values: Matrix;
  counted: Matrix;
  chosen: Place;
  onChoose: (place: Place) => void;
  onChange: (value: number) => void;
};

/** A grid in which one cell is chosen, by pointer or keys; the page's Tab passes it in one step. */
export function HeatMap({ label, names, values, counted, chosen, onChoose, onChange }: Props) {
  const table = useRef<HTMLTableElement>(null);
  useEffect(() => {
    const cell = table.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (table.current?.contains(document.activeElement)) cell?.focus();
  }, [chosen]);
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const place = placeAfter(event.key, chosen, names.length);
    if (place !== null) {
      event.preventDefault();
      onChoose(place);
      return;
    }
    if (chosen.row === chosen.column) return;
    const value = valueAfter(event.key, cellOf(values, chosen), cellOf(counted, chosen));
    if (value !== null) {
      event.preventDefault();
      onChange(value);
    } else if (/^([\d.]|Enter|F2)$/.test(event.key)) {
      const number = numberBeside(event.currentTarget);
      number?.focus();
      number?.select();
      // A digit goes on into the number; Enter would leave it again.
      if (event.key.length > 1) event.preventDefault();
    }
  };
  const focused = (event: FocusEvent) => {
    const cell = event.target.closest('td');
    const place = { row: Number(cell?.dataset.row), column: Number(cell?.dataset.column) };
    if (cell !== null && (place.row !== chosen.row || place.column !== chosen.column)) onChoose(place);
  };
  return (
    <div className={classes.scroll}>
      <table ref={table} role="grid" aria-label={label} className={classes.map} onKeyDown={press} onFocus={focused}>
        <thead>
          <tr>
            <td />
            {names.map((name, column) => (
              <th key={name} scope="col" title={name} data-chosen={column === chosen.column || undefined}>
                <span className={classes.upright}>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name, row) => (
            <Row
              key={name}
              row={row}
              names={names}
              values={values[row] ?? []}
              counted={counted[row] ?? []}
              chosen={row === chosen.row ? chosen.column : null}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type RowProps = {
  row: number;
  names: string[];
  values: readonly number[];
  counted: readonly number[];
  /** The chosen column, or null where the chosen cell is in another row. */
  chosen: number | null;
};

const Row = memo(function Row({ row, names, values, counted, chosen }: RowProps) {
  return (
    <tr>
      <th scope="row" title={names[row]} data-chosen={chosen !== null || undefined}>
        <span className={classes.name}>{names[row]}</span>
      </th>
      {values.map((value, column) => {
        const before = counted[column] ?? 0;
        const isChanged = value !== before;
        return (
          <td
            key={column}
            role="gridcell"
            tabIndex={column === chosen ? 0 : -1}
            aria-selected={column === chosen}
            aria-readonly={row === column}
            data-row={row}
            data-column={column}
            data-changed={isChanged || undefined}
            title={`${names[row]} → ${names[column]}: ${value}${isChanged ? `, counted ${before}` : ''}`}
            style={{ '--share': `${DEEPEST * value}%` } as React.CSSProperties}
          >
            {shareWords(value)}
            {isChanged && <span className={classes.said}> changed</span>}
          </td>
        );
      })}
    </tr>
  );
}, isSame);

/** More of the colour, and the figures on it could not be read well. */
const DEEPEST = 45;

/** A text is read anew at each change; most rows of it say what they said. */
function isSame(before: RowProps, after: RowProps): boolean {
  return (
    before.chosen === after.chosen &&
    before.names === after.names &&
    [before.values, before.counted].join() === [after.values, after.counted].join()
  );
}

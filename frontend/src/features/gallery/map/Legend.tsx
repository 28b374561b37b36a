import { useMemo } from 'react';
import { count } from '@/components/format';
import type { ColourBy } from './look';
import { classColour } from './paint';
import type { Points } from './points';
import classes from './Map.module.css';

type Props = {
  classNames: string[];
  points: Points;
  colourBy: ColourBy;
  isDark: boolean;
  chosen: string | null;
  onChoose: (label: string | null) => void;
};

/** The classes with their colours and points; a press shows one class alone, on the map and in the grid. */
export function Legend({ classNames, points, colourBy, isDark, chosen, onChoose }: Props) {
  const counts = useMemo(() => {
    const found = new Uint32Array(classNames.length);
    for (const label of points.label) found[label] = (found[label] ?? 0) + 1;
    return found;
  }, [classNames, points]);
  return (
    <ul className={classes.classes} aria-label="Classes on the map">
      {classNames.map((name, label) => (
        <li key={name}>
          <button type="button" aria-pressed={chosen === name} onClick={() => onChoose(chosen === name ? null : name)}>
            {colourBy === 'class' && (
              <span
                className={classes.swatch}
                style={{ background: `rgb(${classColour(label, isDark).join(' ')})` }}
                aria-hidden
              />
            )}
            <span>{name}</span>
            <span className="numbers">{count(counts[label] ?? 0)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

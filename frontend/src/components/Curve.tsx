import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clippedRange } from './clip';
import { measured } from './format';
import { smoothed, type Line } from './smoothing';
import { useWidth } from './useWidth';
import classes from './Curve.module.css';

type Props = {
  title: string;
  steps: number[];
  lines: Line[];
  /** 0 leaves the lines as they are, towards 1 they become calm. */
  smoothing: number;
  logarithmic: boolean;
  /** The most extreme values may lie outside the axis. */
  clipped: boolean;
  height?: number;
};

/** Line colours that differ in lightness too; the dash says the same to people who see no colour. */
const INK = {
  light: ['#2566af', '#b4540a', '#1d7a46', '#8a3ffc', '#b42318', '#545b62'],
  dark: ['#80abdc', '#f0b35e', '#5cc98b', '#c3a2ff', '#ff9a8f', '#c9cdd2'],
};
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [12, 4], [3, 6]];

/** One chart over training steps: zoom by dragging, double-click to see all, values of the pointed step below. */
export function Curve({ title, steps, lines, smoothing, logarithmic, clipped, height = 190 }: Props) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const scheme = useComputedColorScheme('light');
  const plot = useRef<uPlot | null>(null);
  const names = lines.map((line) => line.name).join('\n');

  useEffect(() => {
    if (ref.current === null || width === 0) return undefined;
    const made = new uPlot(
      optionsOf(names.split('\n'), scheme, logarithmic, clipped, width, height),
      [[]],
      ref.current,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [ref, names, scheme, logarithmic, clipped, width, height]);

  useEffect(() => {
    const series = lines.map((line) => smoothed(line.values, smoothing));
    plot.current?.setData([steps, ...series.map((values) => (logarithmic ? values.map(positive) : values))]);
  }, [steps, lines, smoothing, logarithmic, clipped, names, scheme, width, height]);

  return (
    <figure className={classes.figure}>
      <figcaption>{title}</figcaption>
      <div ref={ref} className={classes.plot} role="img" aria-label={`${title}: ${lastValues(lines)}`} />
    </figure>
  );
}

function optionsOf(
  names: string[],
  scheme: 'light' | 'dark',
  logarithmic: boolean,
  clipped: boolean,
  width: number,
  height: number,
): uPlot.Options {
  const ink = INK[scheme];
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- uPlot's names for these two exist only in its types
  const distr: uPlot.Scale.Distr = logarithmic ? 3 : 1;
  const axis = {
    stroke: scheme === 'dark' ? '#a9adb3' : '#545b62',
    grid: { stroke: scheme === 'dark' ? '#37393d' : '#e9ecef', width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width,
    height,
    scales: { x: { time: false }, y: { distr, ...(clipped ? { range: clippedScale(logarithmic) } : {}) } },
    axes: [
      { ...axis, size: 26 },
      { ...axis, size: 56, values: (_plot, ticks) => ticks.map(shownTick) },
    ],
    series: [
      { label: 'step' },
      ...names.map((label, place) => ({
        label,
        stroke: ink[place % ink.length] ?? '#888888',
        dash: DASHES[place % DASHES.length] ?? [],
        width: 1.5,
        points: { show: (plot: uPlot, place: number) => isAlone(plot.data[place] ?? []) },
        spanGaps: true,
        value: (_plot: uPlot, value: number | null) => (value === null ? '–' : measured(value)),
      })),
    ],
    cursor: { points: { size: 6 } },
    // While nothing is pointed at, the legend tells the last values.
    hooks: {
      setLegend: [
        (plot) => {
          if (plot.legend.idx === null || plot.legend.idx === undefined)
            plot.setLegend({ idx: plot.data[0].length - 1 }, false);
        },
      ],
    },
  };
}

/** The clipped axis, as uPlot asks for it: what is shown decides, and where nothing is an outlier, all of it. */
function clippedScale(logarithmic: boolean): uPlot.Range.Function {
  return (plot, low, high) => clippedRange(plot.data.slice(1), logarithmic) ?? [low, high];
}

/** uPlot hands out null for the ticks of a logarithmic axis that it wants without a label; its types do not say so. */
function shownTick(tick: number | null): string {
  return tick === null ? '' : measured(tick);
}

/** One value makes no line; it is shown as a point. */
function isAlone(values: ArrayLike<number | null | undefined>): boolean {
  return Array.from(values).filter((value) => value !== null && value !== undefined).length === 1;
}

/** A logarithmic axis has no place for zero and below. */
function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}

function lastValues(lines: Line[]): string {
  const last = lines.map(
    ({ name, values }) => `${name} ${measured(values.findLast((value) => value !== null) ?? Number.NaN)}`,
  );
  return `last values ${last.join(', ')}`;
}

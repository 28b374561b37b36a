import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clippedRange } from './clip';
import { measured } from './format';
import { DASHES, INK, LETTERS } from './inks';
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
  /** The steps that are shown; null: all. */
  zoom: Steps | null;
  onZoom: (steps: Steps | null) => void;
  height?: number;
  /** What is counted along the axis. */
  pointed?: string;
};

/** From the first step to the last, both included. */
export type Steps = readonly [number, number];

/** One chart over training steps: zoom by dragging, double-click to see all, values of the pointed step below. */
export function Curve({
  title,
  steps,
  lines,
  smoothing,
  logarithmic,
  clipped,
  zoom,
  onZoom,
  height = 190,
  pointed = 'step',
}: Props) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const scheme = useComputedColorScheme('light');
  const plot = useRef<uPlot | null>(null);
  const zoomTo = useRef(onZoom);
  useEffect(() => {
    zoomTo.current = onZoom;
  });
  const looks = JSON.stringify(lines.map(({ name, run = null }): Look => ({ name, run })));
  const from = zoom?.[0] ?? null;
  const to = zoom?.[1] ?? null;

  useEffect(() => {
    if (ref.current === null || width === 0) return undefined;
    const shown = from === null || to === null ? null : ([from, to] as const);
    const drawn = {
      looks: JSON.parse(looks) as Look[],
      scheme,
      logarithmic,
      clipped,
      zoom: shown,
      width,
      height,
      pointed,
    };
    const made = new uPlot(
      optionsOf(drawn, (wanted) => zoomTo.current(wanted)),
      [[]],
      ref.current,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [ref, looks, scheme, logarithmic, clipped, from, to, width, height, pointed]);

  useEffect(() => {
    const series = lines.map((line) => smoothed(line.values, smoothing));
    plot.current?.setData([steps, ...series.map((values) => (logarithmic ? values.map(positive) : values))]);
  }, [steps, lines, smoothing, logarithmic, clipped, looks, scheme, from, to, width, height]);

  return (
    <figure className={classes.figure}>
      <figcaption>{title}</figcaption>
      <div ref={ref} className={classes.plot} role="img" aria-label={`${title}: ${lastValues(lines)}`} />
    </figure>
  );
}

type Look = { name: string; run: number | null };
type Drawn = Pick<Props, 'logarithmic' | 'clipped' | 'zoom'> & {
  looks: Look[];
  scheme: 'light' | 'dark';
  width: number;
  height: number;
  pointed: string;
};

function optionsOf(drawn: Drawn, onZoom: Props['onZoom']): uPlot.Options {
  const { looks, scheme, logarithmic, clipped, zoom, width, height, pointed } = drawn;
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
    padding: [null, looks.some(({ run }) => run !== null) ? LETTER_ROOM : null, null, null],
    scales: {
      x: { time: false, ...(zoom === null ? {} : { range: [zoom[0], zoom[1]] }) },
      y: { distr, ...(clipped ? { range: clippedScale(logarithmic, zoom) } : {}) },
    },
    axes: [
      { ...axis, size: 26 },
      { ...axis, size: 56, values: (_plot, ticks) => ticks.map(shownTick) },
    ],
    series: [
      { label: pointed },
      ...looks.map(({ name, run }, place) => ({
        label: name,
        stroke: inkOf(run ?? place, scheme),
        dash: DASHES[place % DASHES.length] ?? [],
        width: 1.5,
        points: { show: (plot: uPlot, place: number) => isAlone(plot.data[place] ?? []) },
        spanGaps: true,
        value: shownValue,
      })),
    ],
    // The page holds what is shown, so that all charts show the same steps.
    cursor: {
      points: { size: 6 },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => () => (onZoom(null), null) },
    },
    hooks: {
      // While nothing is pointed at, the legend tells the last values.
      setLegend: [
        (plot) => {
          if (plot.legend.idx === null || plot.legend.idx === undefined)
            plot.setLegend({ idx: plot.data[0].length - 1 }, false);
        },
      ],
      setSelect: [
        (plot) => {
          if (plot.select.width === 0) return;
          const ends = [plot.select.left, plot.select.left + plot.select.width] as const;
          const [from, to] = ends.map((x) => Math.round(plot.posToVal(x, 'x')));
          if (from !== undefined && to !== undefined && from < to) onZoom([Math.max(0, from), to]);
        },
      ],
      draw: [(plot) => drawLetters(plot, looks, scheme)],
    },
  };
}

/** Room at the right for the letters, in pixels. */
const LETTER_ROOM = 16;

/** The letter of its run at the end of each line, so that no line is told apart by its colour alone. */
function drawLetters(plot: uPlot, looks: Look[], scheme: 'light' | 'dark'): void {
  const { ctx } = plot;
  const high = plot.scales.x?.max ?? Infinity;
  ctx.save();
  ctx.font = `600 ${11 * uPlot.pxRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  looks.forEach(({ run }, place) => {
    const values = plot.data[place + 1] ?? [];
    const last = lastBefore(
      values,
      plot.data[0].findLastIndex((step) => step <= high),
    );
    const [step, value] = [plot.data[0][last], values[last]];
    if (run === null || step === undefined || value === null || value === undefined) return;
    ctx.fillStyle = inkOf(run, scheme);
    const x = plot.valToPos(step, 'x', true) + 4 * uPlot.pxRatio;
    ctx.fillText(LETTERS[run] ?? '', x, plot.valToPos(value, 'y', true));
  });
  ctx.restore();
}

function inkOf(place: number, scheme: 'light' | 'dark'): string {
  const ink = INK[scheme];
  return ink[place % ink.length] ?? '#888888';
}

/** The value of the pointed step, or of the one before it that has one: runs do not all log at the same steps. */
function shownValue(plot: uPlot, _value: number | null, series: number, pointed: number | null): string {
  const values = plot.data[series] ?? [];
  const found = lastBefore(values, pointed ?? -1);
  const isPointedAt = plot.cursor.idx !== null && plot.cursor.idx !== undefined;
  // Behind its end a line has no value; while nothing is pointed at, the last one is told.
  if (isPointedAt && found === lastBefore(values, values.length - 1) && found !== pointed) return '–';
  return measured(values[found] ?? Number.NaN);
}

/** The place of the last value at `place` or before it; -1 where there is none. */
function lastBefore(values: ArrayLike<number | null | undefined>, place: number): number {
  let at = Math.min(place, values.length - 1);
  while (at >= 0 && (values[at] === null || values[at] === undefined)) at -= 1;
  return at;
}

/** The clipped axis, as uPlot asks for it: what is shown decides, and where nothing is an outlier, all of it. */
function clippedScale(logarithmic: boolean, zoom: Steps | null): uPlot.Range.Function {
  return (plot, low, high) => {
    const isShown = (place: number) => {
      const step = plot.data[0][place] ?? 0;
      return zoom === null || (zoom[0] <= step && step <= zoom[1]);
    };
    const lines = plot.data.slice(1).map((values) => Array.from(values).filter((_, place) => isShown(place)));
    return clippedRange(lines, logarithmic) ?? [low, high];
  };
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

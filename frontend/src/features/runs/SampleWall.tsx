import { Button, Group, Slider, Text } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { Schemas } from '@/api/client';
import { count } from '@/components/format';
import { Panel } from '@/components/Page';
import { RealRow } from './RealRow';
import classes from './SampleWall.module.css';

export type Row = Schemas['PreviewedData'];
type Cell = { row: number; column: number };

/** A wall within this many pixels of its end is "at the end" and follows new rows. */
const NEAR_END_PX = 40;

/** How long each step stays while the same noise is played through time. */
const PLAY_MS = 250;

/** Rows are steps, columns fixed noise: the same picture growing up, newest below; above it real images of the classes. */
export function SampleWall({ rows, run }: { rows: Row[]; run: Schemas['Run'] }) {
  const newest = rows.at(-1);
  if (newest === undefined)
    return (
      <Panel title="Sample wall">
        <Text size="sm" c="dimmed">
          The first row comes after the first training steps.
        </Text>
      </Panel>
    );
  return <Wall rows={rows} newest={newest} run={run} />;
}

function Wall({ rows, newest, run }: { rows: Row[]; newest: Row; run: Schemas['Run'] }) {
  const [chosen, setChosen] = useState<Cell | null>(null);
  const last = rows.length - 1;
  const at = chosen ?? { row: last, column: 0 };
  const row = rows[at.row] ?? newest;
  const wall = useFollowing(rows.length, chosen?.row ?? null);
  // Choosing the newest row means following again.
  const choose = (cell: Cell) => setChosen(cell.row >= last && cell.column === 0 ? null : cell);
  const move = (event: KeyboardEvent) => {
    const [down, right] = ARROWS[event.key] ?? [0, 0];
    if (down === 0 && right === 0) return;
    event.preventDefault();
    choose({ row: clamp(at.row + down, last), column: clamp(at.column + right, row.num_columns - 1) });
  };
  return (
    <Panel
      title="Sample wall"
      actions={<StepSlider rows={rows} at={at.row} onChoose={(to) => choose({ ...at, row: to })} />}
    >
      <div className={classes.layout} style={columnsOf(row)}>
        <div>
          <div className={classes.header} aria-hidden>
            <span />
            {row.columns.map((column, place) => (
              <span key={place} title={`${column.class}, noise ${column.seed}`}>
                {column.class}
              </span>
            ))}
          </div>
          <RealRow version={run.version} fit={run.recipe.model_settings.fit} columns={row.columns} />
          <div
            ref={wall}
            className={classes.wall}
            role="group"
            tabIndex={0}
            aria-label="Samples by training step; arrow keys choose one"
            onKeyDown={move}
          >
            {rows.map((one, place) => (
              <WallRow
                key={one.step}
                row={one}
                isChosen={place === at.row}
                onChoose={(column) => choose({ row: place, column })}
              />
            ))}
          </div>
        </div>
        <Detail row={row} column={Math.min(at.column, row.num_columns - 1)}>
          <PlayButton at={at.row} last={last} onShow={(to) => choose({ row: to, column: at.column })} />
        </Detail>
      </div>
    </Panel>
  );
}

const ARROWS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function WallRow({ row, isChosen, onChoose }: { row: Row; isChosen: boolean; onChoose: (column: number) => void }) {
  return (
    <div className={classes.row} data-chosen={isChosen}>
      <span className={classes.step}>{count(row.step)}</span>
      <img
        className={classes.strip}
        src={row.url}
        alt={`Samples after step ${count(row.step)}`}
        style={{ aspectRatio: `${row.num_columns} / 1` }}
        loading="lazy"
        decoding="async"
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onChoose(Math.floor(((event.clientX - box.left) / box.width) * row.num_columns));
        }}
      />
    </div>
  );
}

function Detail({ row, column, children }: { row: Row; column: number; children: ReactNode }) {
  const named = row.columns[column];
  const shift = row.num_columns === 1 ? 0 : (100 * column) / (row.num_columns - 1);
  return (
    <figure className={classes.detail}>
      <div
        className={classes.large}
        style={{
          backgroundImage: `url("${row.url}")`,
          backgroundSize: `${100 * row.num_columns}% 100%`,
          backgroundPosition: `${shift}% 0`,
        }}
        role="img"
        aria-label={`${named?.class ?? ''} after step ${count(row.step)}`}
      />
      <figcaption>
        <Text size="sm" fw={600}>
          {named?.class}
        </Text>
        <Text size="xs" c="dimmed" className="numbers">
          step {count(row.step)}
          <br />
          noise {named?.seed}
        </Text>
        {children}
      </figcaption>
    </figure>
  );
}

type PlayProps = { at: number; last: number; onShow: (row: number) => void };

/** Plays the same noise through time, from the first step where the last is shown; not where motion is unwished. */
function PlayButton({ at, last, onShow }: PlayProps) {
  const [isPlaying, setPlaying] = useState(false);
  const isStill = useReducedMotion(undefined, { getInitialValueInEffect: false });
  const moves = isPlaying && at < last;
  useEffect(() => {
    if (!moves) return undefined;
    const timer = window.setTimeout(() => onShow(at + 1), PLAY_MS);
    return () => window.clearTimeout(timer);
  }, [moves, at, onShow]);
  if (isStill || last === 0) return null;
  const toggle = () => {
    setPlaying(!moves);
    if (!moves && at >= last) onShow(0);
  };
  return (
    <Button
      size="compact-xs"
      variant="default"
      mt={6}
      leftSection={moves ? <IconPlayerPause size={14} aria-hidden /> : <IconPlayerPlay size={14} aria-hidden />}
      onClick={toggle}
    >
      {moves ? 'Pause' : 'Play through time'}
    </Button>
  );
}

function StepSlider({ rows, at, onChoose }: { rows: Row[]; at: number; onChoose: (row: number) => void }) {
  if (rows.length < 2) return null;
  return (
    <Group gap="xs" wrap="nowrap">
      <Text size="sm" id="wall-step">
        Step
      </Text>
      <Slider
        w={160}
        size="sm"
        min={0}
        max={rows.length - 1}
        value={at}
        onChange={onChoose}
        label={(place) => count(rows[place]?.step ?? 0)}
        thumbProps={{ 'aria-labelledby': 'wall-step' }}
      />
    </Group>
  );
}

/** Keeps the newest row in sight while the reader is at the end, and brings a chosen row into sight. */
function useFollowing(length: number, chosen: number | null) {
  const wall = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = wall.current;
    if (element === null) return undefined;
    const note = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    };
    element.addEventListener('scroll', note, { passive: true });
    return () => element.removeEventListener('scroll', note);
  }, []);
  useEffect(() => {
    const element = wall.current;
    if (element === null) return;
    if (chosen !== null) element.children[chosen]?.scrollIntoView({ block: 'nearest' });
    else if (isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [length, chosen]);
  return wall;
}

function columnsOf(row: Row) {
  return { '--columns': row.num_columns } as React.CSSProperties;
}

function clamp(value: number, highest: number): number {
  return Math.max(0, Math.min(value, highest));
}

import { useDisclosure } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import type { Key } from '@/components/useKeys';
import { leapt, moved, type Direction } from './columns';
import { all, everything, extended, inverted, NO_MARKS, toggled, type Marks } from './marks';
import { useVerdicts, type Change, type Match, type Sample } from './samples';

export type Side = 'nearest' | 'info' | 'history';
type Press = { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean };

/** What the page knows and the review does not: how many samples match which filter, and how to bring one of them. */
export type Reach = { last: number; match: Match; bring: (place: number) => Promise<void> };

/** Reviewing: which sample is pointed at, which are marked, whether one is seen large, and what each key does. */
export function useReview(pool: string, samples: Sample[], canJudge: boolean, { last, match, bring }: Reach) {
  const { decide, undo } = useVerdicts(pool);
  const [at, setAt] = useState(0);
  const [marks, setMarks] = useState<Marks>(NO_MARKS);
  const [isOpen, setOpen] = useLarge();
  const [side, setSide] = useState<Side>('nearest');
  const [held, setHeld] = useState<number | null>(null);
  const [advances, setAdvances] = useState(true);
  const [keysShown, keyList] = useDisclosure();
  const layout = useRef({ columns: 1, rows: 1 });

  const place = Math.max(0, Math.min(at, samples.length - 1));
  const current = samples[place];
  const order = samples.map((sample) => sample.id);
  const beside = samples.find((sample) => sample.id === held && sample !== current);

  const move = (direction: Direction) =>
    setAt(moved(place, direction, isOpen ? 1 : layout.current.columns, samples.length));
  /** By screens. */
  const leap = (screens: number) => {
    const { columns, rows } = layout.current;
    setAt(leapt(place, screens * rows, columns, samples.length));
  };
  const jump = async (to: number) => {
    await bring(to);
    setAt(to);
  };
  const judge = (change: Change) => {
    if (!canJudge) return;
    if (marks.ids.size > 0) {
      decide.mutate({ target: marks.everything ? { filter: match } : { ids: [...marks.ids] }, change });
      setMarks(NO_MARKS);
    } else if (current !== undefined) {
      decide.mutate({ target: { ids: [current.id] }, change });
      // A star is a note on the side; one goes on with a verdict or a rating.
      if (advances && !('starred' in change)) move('right');
    }
  };
  const meant = marks.ids.size > 0 ? samples.filter((sample) => marks.ids.has(sample.id)) : [current];
  /** Take the star away only where everything that is meant has it. */
  const star = () => judge({ starred: marks.everything || meant.some((sample) => sample?.starred !== true) });
  const open = (to: number) => {
    setAt(to);
    setOpen(true);
  };
  const openOn = (what: Side) => {
    setSide(what);
    setOpen(true);
  };
  const close = () => {
    setHeld(null);
    setOpen(false);
  };
  /** Two marked samples are seen side by side; else the one pointed at is held beside those that follow. */
  const compare = () => {
    const [first, second] = samples.filter((sample) => marks.ids.has(sample.id));
    if (held !== null) {
      setHeld(null);
    } else if (marks.ids.size === 2 && first !== undefined && second !== undefined) {
      setHeld(first.id);
      open(samples.indexOf(second));
    } else if (current !== undefined) {
      setHeld(current.id);
      open(moved(place, 'right', 1, samples.length));
    }
  };
  const back = () => {
    if (beside !== undefined) setHeld(null);
    else if (isOpen) close();
    else setMarks(NO_MARKS);
  };
  const press = (to: number, event: Press) => {
    if (event.shiftKey) setMarks(extended({ ...marks, anchor: marks.anchor ?? place }, to, order));
    else if (event.ctrlKey || event.metaKey) setMarks(toggled(marks, to, order));
    setAt(to);
  };
  /** The samples are others now: begin anew. */
  const restart = () => {
    setHeld(null);
    setAt(0);
    setMarks(NO_MARKS);
  };

  const keys: Key[] = [
    { keys: ['a', 'p'], label: 'Accept', act: () => judge({ value: 'accept' }) },
    { keys: ['x'], label: 'Reject', act: () => judge({ value: 'reject' }) },
    { keys: ['u'], label: 'Clear your verdict', act: () => judge({ value: null }) },
    { keys: ['1', '2', '3', '4', '5'], label: 'Rate, 5 is best', act: (name) => judge({ rating: Number(name) }) },
    { keys: ['0'], label: 'Clear your rating', act: () => judge({ rating: 0 }) },
    { keys: ['.'], label: 'Star it for yourself, or take the star away', act: star },
    {
      keys: ['mod+z'],
      label: 'Undo your last verdict, rating or star, also of many at once',
      act: () => undo.mutate(),
    },
    { keys: ['ArrowLeft'], label: 'Sample before', act: () => move('left') },
    { keys: ['ArrowRight'], label: 'Next sample', act: () => move('right') },
    { keys: ['ArrowUp'], label: 'Row above', act: () => move('up') },
    { keys: ['ArrowDown'], label: 'Row below', act: () => move('down') },
    { keys: ['PageUp', 'PageDown'], label: 'A screen up or down', act: (name) => leap(name === 'PageUp' ? -1 : 1) },
    { keys: ['Home', 'End'], label: 'First or last sample', act: (name) => void jump(name === 'Home' ? 0 : last) },
    {
      keys: ['s'],
      label: 'Mark or unmark; Shift+click marks a range',
      act: () => setMarks(toggled(marks, place, order)),
    },
    { keys: ['mod+a'], label: 'Mark everything that is loaded', act: () => setMarks(all(order)) },
    {
      keys: ['mod+i'],
      label: 'Mark what is not marked, and the other way round',
      act: () => setMarks(inverted(marks, order)),
    },
    { keys: ['Enter'], label: 'Look at it large', act: () => setOpen(true) },
    { keys: ['Escape'], label: 'Back to the grid; then clear the marks', act: back },
    { keys: ['c'], label: 'Compare: the two marked, or this one beside those that follow', act: compare },
    { keys: ['n'], label: 'Nearest training images', act: () => openOn('nearest') },
    { keys: ['i'], label: 'Where it comes from', act: () => openOn('info') },
    { keys: ['h'], label: 'What was said of it, by whom and when', act: () => openOn('history') },
    { keys: ['?'], label: 'This list', act: keyList.open },
  ];
  return {
    place,
    current,
    next: samples[place + 1],
    /** The sample that is held beside the current one. */
    beside,
    marks: marks.ids,
    marksAll: marks.everything,
    markEverything: () => setMarks(everything(order)),
    isOpen,
    side,
    setSide,
    advances,
    setAdvances,
    keys,
    keysShown,
    hideKeys: keyList.close,
    error: decide.error ?? undo.error,
    noteLayout: (columns: number, rows: number) => {
      layout.current = { columns, rows };
    },
    jump,
    move,
    judge,
    star,
    undo: () => undo.mutate(),
    open,
    compare,
    close,
    press,
    clearMarks: () => setMarks(NO_MARKS),
    restart,
  };
}

export type Review = ReturnType<typeof useReview>;

/** Whether a sample is seen large stands in the browser's history, so that Back leads from it to the grid. */
function useLarge(): [boolean, (open: boolean) => void] {
  const location = useLocation();
  const navigate = useNavigate();
  const isOpen = (location.state as { isLarge?: boolean } | null)?.isLarge === true;
  const isMoving = useRef(false);
  useEffect(() => {
    isMoving.current = false;
  }, [location]);
  const setOpen = (open: boolean) => {
    // A key pressed twice goes one step, not two.
    if (open === isOpen || isMoving.current) return;
    isMoving.current = true;
    if (open) void navigate(location, { state: { isLarge: true }, preventScrollReset: true });
    else void navigate(-1);
  };
  return [isOpen, setOpen];
}

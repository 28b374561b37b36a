import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { shownKey } from '@/components/shownKey';
import type { Key } from '@/components/useKeys';
import { leapt, moved, type Direction } from './columns';
import { ACT_NAMES, ACTS, keysOf, type Act } from './keys';
import { all, everything, extended, inverted, NO_MARKS, toggled, type Marks } from './marks';
import { useOwnKeys } from './ownKeys';
import { useVerdicts, type Change, type Match, type Sample } from './samples';
import { nextShowing, type Showing } from './views';

export type Side = 'nearest' | 'info' | 'history';
type Press = { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean };

/** What the page knows and the review does not: how many samples match which filter, and how to bring one of them. */
export type Reach = { last: number; match: Match; bring: (place: number) => Promise<void> };

/** Reviewing: which sample is pointed at, which are marked, whether one is seen large, and what each key does. */
export function useReview(pool: string, samples: Sample[], canJudge: boolean, { last, match, bring }: Reach) {
  const { decide, undo } = useVerdicts(pool);
  const [at, setAt] = useState(0);
  const [marks, setMarks] = useState<Marks>(NO_MARKS);
  const { isOpen, setOpen, willBeOpen } = useLarge();
  const [side, setSide] = useState<Side>('nearest');
  const [held, setHeld] = useState<number | null>(null);
  const [advances, setAdvances] = useState(true);
  const [keysShown, keyList] = useDisclosure();
  const { own } = useOwnKeys();
  const [showing, setShowing] = useLocalStorage<Showing>({
    key: 'atelier-showing',
    defaultValue: 'beside',
    getInitialValueInEffect: false,
  });
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
    else if (willBeOpen()) close();
    else setMarks(NO_MARKS);
  };
  const press = (to: number, event: Press) => {
    if (event.shiftKey) setMarks(extended({ ...marks, anchor: marks.anchor ?? place }, to, order));
    else if (event.ctrlKey || event.metaKey) setMarks(toggled(marks, to, order));
    setAt(to);
  };
  /** The samples are others now: begin anew. */
  const restart = useCallback(() => {
    setHeld(null);
    setAt(0);
    setMarks(NO_MARKS);
  }, []);

  const acts: Record<Act, (name: string) => void> = {
    accept: () => judge({ value: 'accept' }),
    reject: () => judge({ value: 'reject' }),
    clear: () => judge({ value: null }),
    rate: (name) => judge({ rating: Number(name) }),
    unrate: () => judge({ rating: 0 }),
    star,
    undo: () => undo.mutate(),
    previous: () => move('left'),
    next: () => move('right'),
    up: () => move('up'),
    down: () => move('down'),
    leap: (name) => leap(name === 'PageUp' ? -1 : 1),
    ends: (name) => void jump(name === 'Home' ? 0 : last),
    mark: () => setMarks(toggled(marks, place, order)),
    mark_all: () => setMarks(all(order)),
    invert: () => setMarks(inverted(marks, order)),
    open: () => setOpen(true),
    back,
    compare,
    nearest: () => openOn('nearest'),
    info: () => openOn('info'),
    history: () => openOn('history'),
    showing: () => setShowing(nextShowing(showing)),
    list: keyList.open,
  };
  const keys: Key[] = ACT_NAMES.map((act) => ({ keys: keysOf(act, own), label: ACTS[act].label, act: acts[act] }));
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
    /** How a translation is seen beside its source. */
    showing,
    setShowing,
    advances,
    setAdvances,
    keys,
    /** The key of an act as it is printed on the keyboard; "" where it has none. */
    sign: (act: Act) => shownKey(keysOf(act, own)[0] ?? ''),
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
function useLarge() {
  const location = useLocation();
  const navigate = useNavigate();
  const isOpen = (location.state as { isLarge?: boolean } | null)?.isLarge === true;
  const isMoving = useRef(false);
  const meant = useRef(isOpen);
  const go = () => {
    isMoving.current = true;
    if (meant.current) void navigate(location, { state: { isLarge: true }, preventScrollReset: true });
    else void navigate(-1);
  };
  useEffect(() => {
    // What was pressed while the page was still on its way is done now; Back of the browser is meant as it is.
    if (!isMoving.current) meant.current = isOpen;
    isMoving.current = false;
    if (meant.current !== isOpen) go();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each place in the history
  }, [location]);
  const setOpen = (open: boolean) => {
    meant.current = open;
    // A key pressed twice goes one step, not two.
    if (!isMoving.current && open !== isOpen) go();
  };
  /** Where the last key leads, which the page may not show yet. */
  const willBeOpen = () => meant.current;
  return { isOpen, setOpen, willBeOpen };
}

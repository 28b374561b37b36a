import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { boxOf, cornersOf, nudged, polygonOf, SIDE, type Box, type Corner } from './area';
import { paint, type Look } from './paint';
import { centredOn, dragged, scaleOf, toPixel, toPlane, WHOLE, zoomed, type Camera, type Size } from './plane';
import { nearestTo, type Points } from './points';
import classes from './Map.module.css';

export type Tool = 'lasso' | 'rectangle' | 'move';

type Props = {
  points: Points;
  look: Omit<Look, 'radius'>;
  tool: Tool;
  camera: Camera;
  onCamera: (camera: Camera) => void;
  size: Size;
  /** The outline of the chosen area. */
  chosen: readonly Corner[] | null;
  onChoose: (corners: Corner[] | null) => void;
  /** A rectangle that the keys move, before Enter chooses it. */
  draft: Box | null;
  onDraft: (box: Box | null) => void;
  onPoint: (place: number | null, pixel: Corner) => void;
};

const RADIUS_PX = 2.6;
const REACH_PX = 9;
const STEP_PX = 16;
const ZOOM_STEP = 1.5;

/** The plane with its points; drawn on by pointer, or by keys with a rectangle. */
export function MapCanvas(props: Props) {
  const { points, look, tool, camera, onCamera, size, chosen, onChoose, draft, onDraft, onPoint } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [line, setLine] = useState<Corner[]>([]);
  const last = useRef<Corner | null>(null);
  /** Of the plane, that a pixel takes. */
  const step = 1 / scaleOf(camera, size);
  usePainted(canvas, points, look, camera, size);
  useWheel(canvas, (factor, pixel) => onCamera(zoomed(camera, size, factor, pixel)));

  const press = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    last.current = pixelOf(event);
    onPoint(null, [0, 0]);
    if (tool !== 'move') setLine([toPlane(camera, size, pixelOf(event))]);
  };
  const move = (event: PointerEvent<HTMLCanvasElement>) => {
    const pixel = pixelOf(event);
    const place = toPlane(camera, size, pixel);
    if (last.current === null) {
      onPoint(
        nearestTo(points, place, REACH_PX * step, (one) => look.hidden[one] !== 1 && look.faint[one] !== 1),
        pixel,
      );
    } else if (tool === 'move') {
      onCamera(dragged(camera, size, pixel[0] - last.current[0], pixel[1] - last.current[1]));
      last.current = pixel;
    } else setLine((before) => (tool === 'lasso' ? [...before, place] : [before[0] ?? place, place]));
  };
  const release = () => {
    if (last.current === null) return;
    last.current = null;
    const corners = polygonOf(outlineOf(line, tool), step);
    setLine([]);
    if (corners !== null) onChoose(corners);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const middle: Corner = [size.width / 2, size.height / 2];
    if (arrow !== undefined) {
      const [right, down] = [arrow[0] * STEP_PX * step, arrow[1] * STEP_PX * step];
      const box = draft === null ? middleOf(camera, size) : nudged(draft, right, down, event.shiftKey);
      onDraft(box);
      onCamera(centredOn(camera, box));
    } else if (event.key === 'Enter' && draft !== null) onChoose(cornersOf(draft));
    else if (event.key === 'Escape') onChoose(null);
    else if (event.key === '+') onCamera(zoomed(camera, size, ZOOM_STEP, middle));
    else if (event.key === '-') onCamera(zoomed(camera, size, 1 / ZOOM_STEP, middle));
    else if (event.key === '0') onCamera(WHOLE);
    else return;
    event.preventDefault();
  };
  const outline = (corners: readonly Corner[]) =>
    corners.map((corner) => toPixel(camera, size, corner).join(',')).join(' ');
  const drawn = outlineOf(line, tool);
  return (
    <>
      <canvas
        ref={canvas}
        className={classes.canvas}
        style={size}
        data-tool={tool}
        tabIndex={0}
        role="application"
        aria-label="Map of training images and samples"
        aria-describedby="map-keys"
        onPointerDown={press}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => {
          last.current = null;
          setLine([]);
        }}
        onPointerLeave={() => onPoint(null, [0, 0])}
        onKeyDown={key}
      />
      <svg className={classes.drawing} aria-hidden>
        {chosen !== null && <polygon points={outline(chosen)} data-kind="chosen" />}
        {drawn.length > 1 && <polygon points={outline(drawn)} data-kind="draft" />}
        {draft !== null && <polygon points={outline(cornersOf(draft))} data-kind="draft" />}
      </svg>
    </>
  );
}

const ARROWS: Record<string, Corner> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function pixelOf(event: PointerEvent): Corner {
  return [event.nativeEvent.offsetX, event.nativeEvent.offsetY];
}

function outlineOf(line: Corner[], tool: Tool): Corner[] {
  const [first, last] = [line[0], line.at(-1)];
  if (first === undefined || last === undefined) return [];
  return tool === 'rectangle' ? cornersOf(boxOf(first, last)) : line;
}

/** A rectangle in the middle of what is seen, a third as large. */
function middleOf(camera: Camera, size: Size): Box {
  const [low, high] = [1 / 3, 2 / 3].map((share) => toPlane(camera, size, [size.width * share, size.height * share]));
  const on = (value: number) => Math.round(Math.min(SIDE, Math.max(0, value)));
  const [[left, top], [right, bottom]] = [low ?? [0, 0], high ?? [SIDE, SIDE]];
  return { left: on(left), top: on(top), right: on(right), bottom: on(bottom) };
}

/** Painted once for each frame in which something changed. */
function usePainted(
  canvas: React.RefObject<HTMLCanvasElement | null>,
  points: Points,
  look: Omit<Look, 'radius'>,
  camera: Camera,
  { width, height }: Size,
) {
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const target = canvas.current;
      const context = target?.getContext('2d') ?? null;
      if (target === null || context === null || width === 0) return;
      const ratio = window.devicePixelRatio;
      const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
      if (target.width !== size.width) target.width = size.width;
      if (target.height !== size.height) target.height = size.height;
      const image = context.createImageData(size.width, size.height);
      paint(new Uint32Array(image.data.buffer), size, points, camera, { ...look, radius: RADIUS_PX * ratio });
      context.putImageData(image, 0, 0);
    });
    return () => cancelAnimationFrame(frame);
  }, [canvas, points, look, camera, width, height]);
}

/** Ctrl and the wheel, or two fingers on a touchpad; the wheel alone goes on scrolling the page. */
function useWheel(canvas: React.RefObject<HTMLCanvasElement | null>, onZoom: (factor: number, pixel: Corner) => void) {
  const latest = useRef(onZoom);
  useEffect(() => {
    latest.current = onZoom;
  });
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return undefined;
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      latest.current(Math.exp(-event.deltaY / 300), [event.offsetX, event.offsetY]);
    };
    // React's own listener may not keep the page from zooming.
    target.addEventListener('wheel', turn, { passive: false });
    return () => target.removeEventListener('wheel', turn);
  }, [canvas]);
}

import { useLayoutEffect, useRef, useState } from 'react';

/** The width of an element and its distance from the top of the page, in whole pixels and kept current; 0 at first. */
export function useWidth<T extends HTMLElement>() {
  const ref = useRef<T>(null);
  const [box, setBox] = useState({ width: 0, top: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const measure = () => {
      const width = Math.floor(element.clientWidth);
      const top = Math.round(element.getBoundingClientRect().top + window.scrollY);
      // A hidden element has no width; it keeps the one it had.
      if (width > 0) setBox((before) => (before.width === width && before.top === top ? before : { width, top }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // Something above may grow: the page's height says so.
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  return { ref, ...box };
}

import { Portal } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useEffect, useEffectEvent, useState } from 'react';
import classes from './DropAnywhere.module.css';
import { entriesOf } from './dropped';

type Props = { prompt: string; onDrop: (entries: (FileSystemEntry | File)[]) => void };

/** While it is on a page, files and folders may be dropped anywhere there; the page says so while they hover. */
export function DropAnywhere({ prompt, onDrop }: Props) {
  const [isOver, setOver] = useState(false);
  const hand = useEffectEvent(onDrop);
  useEffect(() => {
    const hover = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event) || event.dataTransfer === null) return;
      event.preventDefault();
      setOver(false);
      hand(entriesOf(event.dataTransfer));
    };
    window.addEventListener('dragenter', hover);
    window.addEventListener('dragover', hover);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', hover);
      window.removeEventListener('dragover', hover);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, []);
  if (!isOver) return null;
  return (
    <Portal>
      <div className={classes.overlay}>
        <div className={classes.box}>
          <IconUpload size={32} stroke={1.5} aria-hidden />
          <span>{prompt}</span>
        </div>
      </div>
    </Portal>
  );
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') === true;
}

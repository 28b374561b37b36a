import { useEffect, useRef, useState } from 'react';
import type { ApiError } from '@/api/errors';
import type { Parcel } from './parcel';
import { Rate } from './rate';
import { Sending, type Progress } from './sending';

export type Transfer = {
  state: 'idle' | 'sending' | 'paused' | 'failed' | 'done';
  progress: Progress | null;
  /** Bytes per second, or null while unknown. */
  rate: number | null;
  error: ApiError | null;
  /** The finished upload. */
  upload: string | null;
};

const IDLE: Transfer = { state: 'idle', progress: null, rate: null, error: null, upload: null };

/** Sends one file or folder, and says how it goes. */
export function useSending() {
  const [transfer, setTransfer] = useState(IDLE);
  const sending = useRef<Sending | null>(null);
  const patch = (part: Partial<Transfer>) => setTransfer((before) => ({ ...before, ...part }));

  useEffect(() => {
    if (transfer.state !== 'sending') return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [transfer.state]);

  // Leaving the page holds the upload; the same file continues it later.
  useEffect(() => () => void sending.current?.pause(), []);

  const begin = (parcel: Parcel, lab: string) => {
    const speed = new Rate();
    setTransfer({ ...IDLE, state: 'sending', progress: { sent: 0, total: parcel.size } });
    sending.current = new Sending(parcel, lab, {
      onProgress: (progress) => patch({ progress, rate: speed.note(progress.sent, performance.now()) }),
      onDone: (upload) => patch({ state: 'done', upload }),
      onError: (error) => patch({ state: 'failed', error }),
    });
    void sending.current.start();
  };
  const pause = () => {
    void sending.current?.pause();
    patch({ state: 'paused', rate: null });
  };
  const resume = () => {
    patch({ state: 'sending', error: null });
    void sending.current?.start();
  };
  const discard = () => {
    void sending.current?.discard().catch(() => undefined);
    sending.current = null;
    setTransfer(IDLE);
  };
  return { transfer, begin, pause, resume, discard };
}

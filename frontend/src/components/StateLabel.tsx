import { Loader } from '@mantine/core';
import classes from './StateLabel.module.css';

export type Tone = 'waiting' | 'active' | 'good' | 'bad' | 'warn' | 'idle';

/** A state in words, with a sign that differs by shape as well as by colour. */
export function StateLabel({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={classes.label} data-tone={tone}>
      {tone === 'active' ? <Loader size={12} aria-hidden /> : <span className={classes.sign} aria-hidden />}
      {children}
    </span>
  );
}

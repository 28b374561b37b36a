import { Paper, Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './page.module.css';

type Width = 'page' | 'wide' | 'narrow';

/** The frame of a page's content: centred and at most so wide. */
export function Page({ width = 'page', children }: { width?: Width; children: ReactNode }) {
  return <div className={`${classes.page ?? ''} ${width === 'page' ? '' : (classes[width] ?? '')}`}>{children}</div>;
}

/** Main content with a narrower column that stays in sight; one under the other on a small screen. */
export function Columns({ main, aside }: { main: ReactNode; aside: ReactNode }) {
  return (
    <div className={classes.columns}>
      <Stack gap="md">{main}</Stack>
      <aside className={classes.aside}>
        <Stack gap="md">{aside}</Stack>
      </aside>
    </div>
  );
}

type PanelProps = { title?: string; actions?: ReactNode; children: ReactNode };

/** One titled part of a page. */
export function Panel({ title, actions, children }: PanelProps) {
  return (
    <Paper component="section" aria-label={title}>
      {(title !== undefined || actions !== undefined) && (
        <div className={classes.panelHead}>
          {title !== undefined && <Title order={2}>{title}</Title>}
          {actions}
        </div>
      )}
      {children}
    </Paper>
  );
}

type Stat = { label: string; value: ReactNode };

/** A row of figures with what they mean. */
export function Stats({ stats }: { stats: Stat[] }) {
  return (
    <dl className={classes.stats}>
      {stats.map(({ label, value }) => (
        <div key={label} className={classes.stat}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

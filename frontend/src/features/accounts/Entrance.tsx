import { Paper, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import classes from './Entrance.module.css';

/** The frame of the pages before the login. */
export function Entrance({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Atelier`;
  }, [title]);
  return (
    <main className={classes.frame}>
      <div className={classes.column}>
        <Text className={classes.brand}>Atelier</Text>
        <Text c="dimmed" size="sm" mb="lg">
          Grow labelled vision datasets with generative models.
        </Text>
        <Paper p="lg">
          <Title order={1} mb="md">
            {title}
          </Title>
          {children}
        </Paper>
      </div>
    </main>
  );
}

import { Switch } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Panel } from '@/components/Page';

/** A list with a switch that also shows what was put away. */
export function ListPanel({ title, children }: { title: string; children: (archived: boolean) => ReactNode }) {
  const [archived, setArchived] = useState(false);
  return (
    <Panel
      title={title}
      actions={
        <Switch
          size="xs"
          label="Show archived"
          aria-label={`Show archived: ${title}`}
          checked={archived}
          onChange={(event) => setArchived(event.currentTarget.checked)}
        />
      }
    >
      {children(archived)}
    </Panel>
  );
}

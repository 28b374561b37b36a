import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** A table that scrolls inside itself on a narrow screen, reachable by keyboard. */
export function TableScroll({ label, minWidth, children }: { label: string; minWidth: number; children: ReactNode }) {
  return (
    <Table.ScrollContainer minWidth={minWidth} type="native" tabIndex={0} role="group" aria-label={label}>
      <Table highlightOnHover>{children}</Table>
    </Table.ScrollContainer>
  );
}

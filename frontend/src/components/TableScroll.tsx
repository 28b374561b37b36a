import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

type Props = {
  label: string;
  minWidth: number;
  /** For a table with a row for each class: the height from which on it scrolls below its head. */
  maxHeight?: number;
  className?: string | undefined;
  children: ReactNode;
};

/** A table that scrolls inside itself on a narrow screen, reachable by keyboard. */
export function TableScroll({ label, minWidth, maxHeight, className, children }: Props) {
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      {...(maxHeight === undefined ? {} : { maxHeight })}
      type="native"
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      <Table highlightOnHover stickyHeader={maxHeight !== undefined} className={className}>
        {children}
      </Table>
    </Table.ScrollContainer>
  );
}

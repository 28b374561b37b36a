import { Kbd, Modal, Table } from '@mantine/core';
import type { Key } from './useKeys';

/** The keys of this page, under `?`. */
export function KeyList({ keys, opened, onClose }: { keys: Key[]; opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keys on this page">
      <Table>
        <Table.Tbody>
          {keys.map(({ keys: names, label }) => (
            <Table.Tr key={label}>
              <Table.Td w={150}>
                {names.map((name, place) => (
                  <span key={name}>
                    {place > 0 && ' or '}
                    <Kbd size="sm">{shownKey(name)}</Kbd>
                  </span>
                ))}
              </Table.Td>
              <Table.Td>{label}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

const SIGNS: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  ' ': 'Space',
};

/** A key as it is printed on the keyboard. */
export function shownKey(name: string): string {
  if (name.startsWith('mod+')) return `Ctrl ${name.slice(4).toUpperCase()}`;
  return SIGNS[name] ?? (name.length === 1 ? name.toUpperCase() : name);
}

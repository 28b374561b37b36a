import { Button, Group, Kbd, Modal, Table, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Fault } from '@/components/Fault';
import { shownKey } from '@/components/shownKey';
import { nameOf } from '@/components/useKeys';
import { ACT_NAMES, ACTS, clashOf, isFixed, keysOf, withKey, type Act } from './keys';
import { useOwnKeys } from './ownKeys';

type Props = { opened: boolean; onClose: () => void };

/** The keys of the gallery under `?`; each that is not fixed can be put on another key. */
export function KeysDialog({ opened, onClose }: Props) {
  const [asked, setAsked] = useState<Act | null>(null);
  const close = () => {
    setAsked(null);
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="Keys on this page" size="lg" closeOnEscape={asked === null}>
      <Keys asked={asked} onAsk={setAsked} />
    </Modal>
  );
}

function Keys({ asked, onAsk }: { asked: Act | null; onAsk: (act: Act | null) => void }) {
  const { own, save } = useOwnKeys();
  const [clash, setClash] = useState<string | null>(null);
  const ask = (act: Act | null) => {
    setClash(null);
    onAsk(act);
  };
  useNextKey(asked !== null, (key) => {
    if (asked === null || key === 'Escape') {
      ask(null);
      return;
    }
    const found = clashOf(asked, key, own);
    setClash(found === null ? null : `${shownKey(key)}: ${found}`);
    if (found !== null) return;
    save.mutate(withKey(asked, key, own));
    onAsk(null);
  });
  return (
    <>
      <Fault error={save.error} />
      <Table aria-label="Keys" horizontalSpacing={6}>
        <Table.Tbody>
          {ACT_NAMES.map((act) => (
            <Table.Tr key={act}>
              <Table.Td w={{ base: 84, sm: 150 }}>
                {keysOf(act, own).map((name, place) => (
                  <span key={name}>
                    {place > 0 && ' or '}
                    <Kbd size="sm">{shownKey(name)}</Kbd>
                  </span>
                ))}
              </Table.Td>
              <Table.Td>
                {ACTS[act].label}
                {asked === act && (
                  <Text size="sm" role="status" c={clash === null ? undefined : 'var(--mantine-color-error)'}>
                    {clash ?? 'Press the new key; Esc leaves it as it is.'}
                  </Text>
                )}
              </Table.Td>
              <Table.Td ta="right">
                {!isFixed(act) && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={`Change the key of: ${ACTS[act].label}`}
                    onClick={() => ask(asked === act ? null : act)}
                  >
                    {asked === act ? 'Leave it' : 'Change'}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="space-between" mt="md">
        <Text size="xs" c="dimmed">
          Kept with your account, for the grid and the large view alike.
        </Text>
        <Button
          size="compact-sm"
          variant="default"
          disabled={Object.keys(own).length === 0}
          loading={save.isPending}
          onClick={() => save.mutate({})}
        >
          All as they were
        </Button>
      </Group>
    </>
  );
}

/** While it waits, the next key is heard here and nowhere else. */
function useNextKey(waits: boolean, onKey: (key: string) => void): void {
  useEffect(() => {
    if (!waits) return undefined;
    const hear = (event: KeyboardEvent) => {
      if (['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      onKey(nameOf(event));
    };
    window.addEventListener('keydown', hear, { capture: true });
    return () => window.removeEventListener('keydown', hear, { capture: true });
  }, [waits, onKey]);
}

import { ActionIcon, Tooltip } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';

const Palette = lazy(async () => ({ default: (await import('./Palette')).Palette }));

/** Opens the palette, as Ctrl K does on every page and in every field. */
export function PaletteButton() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [wanted, setWanted] = useState(false);
  const press = () => {
    setWanted(true);
    toggle();
  };
  useHotkeys([['mod+K', press]], [], true);
  return (
    <>
      <Tooltip label="Search pages and things (Ctrl K)">
        <ActionIcon size="lg" aria-label="Search" aria-keyshortcuts="Control+K Meta+K" onClick={press}>
          <IconSearch size={18} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
      {wanted && (
        <Suspense>
          <Palette opened={opened} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

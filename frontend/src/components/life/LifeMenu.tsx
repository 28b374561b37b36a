import { ActionIcon, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconArchive, IconArchiveOff, IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { sentenceOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { DeleteDialog } from './DeleteDialog';
import { askAnew, change, type Thing } from './life';
import { RenameDialog } from './RenameDialog';

type Props = { thing: Thing; onDeleted: () => void };

/** Rename, archive, delete: the same for everything that has a name. */
export function LifeMenu({ thing, onDeleted }: Props) {
  const { may } = useLab();
  const [renaming, rename] = useDisclosure();
  const [deleting, deletion] = useDisclosure();
  const archive = useMutation({
    mutationFn: (archived: boolean) => change(thing, { archived }),
    onSuccess: askAnew,
    onError: (error) => notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) }),
  });
  if (!may('researcher')) return null;
  const isArchived = thing.archived_at !== null;
  return (
    <>
      <Menu position="bottom-end" width={200}>
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={`More for ${thing.noun} ${thing.name}`}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {thing.noun !== 'version' && (
            <>
              <Menu.Item leftSection={<IconPencil size={16} />} onClick={rename.open}>
                Rename
              </Menu.Item>
              <Menu.Item
                leftSection={isArchived ? <IconArchiveOff size={16} /> : <IconArchive size={16} />}
                onClick={() => archive.mutate(!isArchived)}
              >
                {isArchived ? 'Bring back' : 'Archive'}
              </Menu.Item>
            </>
          )}
          <Menu.Item leftSection={<IconTrash size={16} />} onClick={deletion.open}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {renaming && <RenameDialog thing={thing} onClose={rename.close} />}
      {deleting && <DeleteDialog thing={thing} onClose={deletion.close} onDeleted={onDeleted} />}
    </>
  );
}

import { Button, List, Menu, Modal, Text } from '@mantine/core';
import { useFileDialog } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconDownload, IconTable, IconUpload } from '@tabler/icons-react';
import { address } from '@/api/address';
import type { Schemas } from '@/api/client';
import { faultsOf, sentenceOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { plural } from '@/components/format';
import { useVerdicts } from './samples';

/** So many refused rows are named on the page. */
const NAMED = 8;

/** Verdicts as a file: what everybody said, and what was judged elsewhere. */
export function VerdictFiles({ pool }: { pool: string }) {
  const { may } = useLab();
  const { bringIn } = useVerdicts(pool);
  const dialog = useFileDialog({
    accept: '.csv,text/csv',
    multiple: false,
    resetOnOpen: true,
    onChange: (files) => {
      const file = files?.item(0);
      if (file) bringIn.mutate(file, { onSuccess: tell });
    },
  });
  return (
    <>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconTable size={16} />} loading={bringIn.isPending}>
            Verdicts
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            component="a"
            href={address('/api/v1/pools/{id}/verdicts.csv', { id: pool })}
            download
            leftSection={<IconDownload size={16} />}
          >
            Download as CSV
          </Menu.Item>
          {may('reviewer') && (
            <Menu.Item leftSection={<IconUpload size={16} />} onClick={dialog.open}>
              Bring in a CSV as yours
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={bringIn.isError} onClose={bringIn.reset} title="Nothing was brought in">
        <Text>{sentenceOf(bringIn.error)}</Text>
        <Refused error={bringIn.error} />
      </Modal>
    </>
  );
}

function tell({ num_changed }: Schemas['Act']) {
  notifications.show({
    title: 'Verdicts brought in',
    message: `They changed ${plural(num_changed, 'sample')}; Undo takes them back.`,
  });
}

/** The refused rows, by their number in the file. */
function Refused({ error }: { error: unknown }) {
  const rows = Object.entries(faultsOf(error)).filter(([name]) => name.startsWith('row '));
  if (rows.length === 0) return null;
  return (
    <>
      <List size="sm" mt="sm">
        {rows.slice(0, NAMED).map(([name, fault]) => (
          <List.Item key={name}>
            {name}: {fault}
          </List.Item>
        ))}
      </List>
      {rows.length > NAMED && (
        <Text size="sm" mt="xs">
          And {rows.length - NAMED} more.
        </Text>
      )}
    </>
  );
}

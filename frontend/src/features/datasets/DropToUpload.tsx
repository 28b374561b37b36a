import { Button, Group, Modal, Text } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useLab } from '@/api/lab';
import { DropAnywhere } from './DropAnywhere';
import type { Base, Purpose } from './sendings';

type Entries = (FileSystemEntry | File)[];

/** Files dropped on a page that is not the upload's lead there; on a version's page it is asked what they are for. */
export function DropToUpload({ base = null }: { base?: Base | null }) {
  const { lab, may } = useLab();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Entries | null>(null);
  if (lab === null || !may('researcher')) return null;
  const go = (entries: Entries, purpose: Purpose) => {
    setAsked(null);
    // Sending is a part of its own, which pages that only wait for a drop do not load.
    void import('./choose').then(({ choose }) => choose(entries, lab.id, purpose));
    void navigate(purpose.makes === 'version' ? `/upload?base=${purpose.base.id}` : '/upload');
  };
  return (
    <>
      <DropAnywhere
        prompt={base === null ? 'Drop to upload a dataset' : `Drop to add images to ${base.name}, or for a new dataset`}
        onDrop={(entries) => (base === null ? go(entries, { makes: 'dataset' }) : setAsked(entries))}
      />
      {base !== null && (
        <Modal opened={asked !== null} onClose={() => setAsked(null)} title="What are they for?">
          <Text size="sm">
            Added to version {base.number} of {base.name} they make its next version; the versions there are stay as
            they are.
          </Text>
          <Group mt="md" gap="xs">
            <Button data-autofocus onClick={() => go(asked ?? [], { makes: 'version', base })}>
              The next version
            </Button>
            <Button variant="default" onClick={() => go(asked ?? [], { makes: 'dataset' })}>
              A new dataset
            </Button>
          </Group>
        </Modal>
      )}
    </>
  );
}

import { Box, Button, FileButton, Group, Stack, Text } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { IconFileZip, IconUpload, IconX } from '@tabler/icons-react';
import { useState, type InputHTMLAttributes } from 'react';
import { bytes } from '@/components/format';
import { parcelOf, type Parcel } from './parcel';

type Props = {
  /** What to drop, in a few words. */
  prompt: string;
  onChoose: (parcel: Parcel) => void;
  /** Bytes that the service takes at most, null while unknown. */
  limit: number | null;
};

/** An attribute that React's types do not know. */
const DIRECTORY = { webkitdirectory: '' } as InputHTMLAttributes<HTMLInputElement>;

/** Where a folder, images or one archive are dropped or chosen; anything else is refused with a sentence. */
export function ParcelDrop({ prompt, onChoose, limit }: Props) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const check = (files: File[]) => {
    const parcel = parcelOf(files);
    if (parcel === null) setRefusal('Drop a folder, several images, or one zip or tar file.');
    else if (limit !== null && parcel.size > limit)
      setRefusal(`${parcel.name} has ${bytes(parcel.size)}; at most ${bytes(limit)} are accepted.`);
    else if (parcel.size === 0) setRefusal(`${parcel.name} is empty.`);
    else onChoose(parcel);
  };
  return (
    <Stack gap="xs">
      <Dropzone onDrop={check} inputProps={{ 'aria-label': 'Choose a zip file, tar or tar.gz' }}>
        <Group justify="center" gap="md" mih={150} style={{ pointerEvents: 'none' }} wrap="nowrap">
          <Box flex="none">
            <Dropzone.Accept>
              <IconUpload size={40} stroke={1.4} aria-hidden />
            </Dropzone.Accept>
            <Dropzone.Reject>
              <IconX size={40} stroke={1.4} aria-hidden />
            </Dropzone.Reject>
            <Dropzone.Idle>
              <IconFileZip size={40} stroke={1.4} aria-hidden />
            </Dropzone.Idle>
          </Box>
          <div>
            <Text fw={600}>{prompt}</Text>
            <Text size="sm" c="dimmed">
              {limit !== null && `At most ${bytes(limit)}. `}It is sent in pieces: a lost network or a reload loses
              nothing, choose the same again to continue.
            </Text>
          </div>
        </Group>
      </Dropzone>
      <FileButton multiple onChange={check} inputProps={{ ...DIRECTORY, 'aria-label': 'Choose a folder of images' }}>
        {(props) => (
          <Button {...props} variant="default" size="compact-sm" style={{ alignSelf: 'flex-start' }}>
            Choose a folder
          </Button>
        )}
      </FileButton>
      {refusal !== null && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {refusal}
        </Text>
      )}
    </Stack>
  );
}

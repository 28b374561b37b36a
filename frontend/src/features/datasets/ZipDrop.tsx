import { Box, Group, Stack, Text } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { IconFileZip, IconUpload, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { bytes } from '@/components/format';

type Props = {
  /** What to drop, in a few words. */
  prompt: string;
  onChoose: (file: File) => void;
  /** Bytes that the service takes at most, null while unknown. */
  limit: number | null;
};

/** Where one zip is dropped or chosen; what is no zip is refused with a sentence. */
export function ZipDrop({ prompt, onChoose, limit }: Props) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const check = (files: File[]) => {
    const [file] = files;
    if (file === undefined) return;
    if (limit !== null && file.size > limit)
      setRefusal(`${file.name} has ${bytes(file.size)}; at most ${bytes(limit)} are accepted.`);
    else if (file.size === 0) setRefusal(`${file.name} is empty.`);
    else onChoose(file);
  };
  const refuse = () => setRefusal('Drop one zip file. A folder is packed first: its context menu has “Compress”.');
  return (
    <Stack gap="xs">
      <Dropzone
        onDrop={check}
        onReject={refuse}
        accept={{ 'application/zip': ['.zip'], 'application/x-zip-compressed': ['.zip'] }}
        multiple={false}
        inputProps={{ 'aria-label': 'Choose a zip file' }}
      >
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
              It is sent in pieces: a lost network or a reload loses nothing, pick the same file to continue.
            </Text>
          </div>
        </Group>
      </Dropzone>
      {refusal !== null && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {refusal}
        </Text>
      )}
    </Stack>
  );
}

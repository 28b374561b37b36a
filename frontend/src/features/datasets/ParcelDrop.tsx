import { Box, Button, FileButton, Group, Stack, Text } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { IconFileZip } from '@tabler/icons-react';
import { useRef, type InputHTMLAttributes } from 'react';
import { useUploadLimits } from '@/api/limits';
import { bytes, count, plural } from '@/components/format';
import { DropAnywhere } from './DropAnywhere';
import type { Choice } from './sendings';

type Entries = (FileSystemEntry | File)[];
type Props = {
  /** What to drop, in a few words. */
  prompt: string;
  choice: Choice;
  onChoose: (chosen: Entries) => void;
};

/** An attribute that React's types do not know. */
const DIRECTORY = { webkitdirectory: '' } as InputHTMLAttributes<HTMLInputElement>;

/** Where archives, folders or images are chosen; they may be dropped anywhere on the page. */
export function ParcelDrop({ prompt, choice, onChoose }: Props) {
  const { data: limits } = useUploadLimits();
  const reset = useRef<() => void>(null);
  const isLooking = choice.files !== null;
  return (
    <Stack gap="xs">
      <DropAnywhere prompt={prompt} onDrop={onChoose} />
      <Dropzone
        onDrop={onChoose}
        activateOnDrag={false}
        disabled={isLooking}
        inputProps={{ 'aria-label': 'Choose a zip file, tar or tar.gz' }}
      >
        <Group justify="center" gap="md" mih={130} style={{ pointerEvents: 'none' }} wrap="nowrap">
          <Box flex="none">
            <IconFileZip size={40} stroke={1.4} aria-hidden />
          </Box>
          <div>
            <Text fw={600}>{prompt}</Text>
            <Text size="sm" c="dimmed">
              Or click to choose archives or images.{' '}
              {limits !== undefined &&
                `At most ${bytes(limits.max_bytes)} and ${plural(limits.max_files, 'file')} each, three on their way at once. `}
              A lost network or a reload loses nothing.
            </Text>
          </div>
        </Group>
      </Dropzone>
      <Group gap="sm">
        <FileButton
          multiple
          resetRef={reset}
          disabled={isLooking}
          onChange={(files) => {
            onChoose(files);
            reset.current?.();
          }}
          inputProps={{ ...DIRECTORY, 'aria-label': 'Choose a folder of images' }}
        >
          {(props) => (
            <Button {...props} variant="default" size="compact-sm" disabled={isLooking}>
              or choose a folder
            </Button>
          )}
        </FileButton>
        {isLooking && (
          <Text size="sm" c="dimmed" role="status">
            Looking through what was chosen{choice.files === 0 ? '' : `: ${count(choice.files ?? 0)} files`} …
          </Text>
        )}
      </Group>
      {choice.refusals.map((refusal) => (
        <Text key={refusal} size="sm" c="var(--mantine-color-error)" role="alert">
          {refusal}
        </Text>
      ))}
    </Stack>
  );
}

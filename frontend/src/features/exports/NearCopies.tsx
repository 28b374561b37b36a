import { Alert, Anchor, Stack, Textarea } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from 'react-router';

/** As the service reads it: three words or more. */
export function isReason(text: string): boolean {
  return text.trim().split(/\s+/).length >= 3;
}

type Props = {
  run: string;
  selection: string;
  /** Why the export is refused as it is. */
  refusal: string;
  reason: string;
  onChange: (reason: string) => void;
};

/** More near-copies than the lab allows: look at them, or say why they may go out. */
export function NearCopies({ run, selection, refusal, reason, onChange }: Props) {
  const ofThem = new URLSearchParams({ selection, memorised: 'true' });
  return (
    <Alert role="status" variant="outline" color="yellow" icon={<IconAlertTriangle aria-hidden />} p="sm">
      <Stack gap="sm">
        <span>
          {refusal}{' '}
          <Anchor component={Link} to={`/runs/${run}/gallery?${ofThem.toString()}`} inherit underline="always">
            Look at them in the gallery
          </Anchor>
        </span>
        <Textarea
          label="Why may they go out?"
          description="Three words or more. It stands in the export, with your name, and in the lab's log."
          required
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      </Stack>
    </Alert>
  );
}

import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { http, queries, take, type Schemas } from '@/api/client';
import { Fault } from '@/components/Fault';
import { Panel } from '@/components/Page';
import { ClassEdits } from './ClassEdits';
import { bodyOf, inWords, isEmpty, NO_EDITS, type Edits, type Resplit } from './edits';

type Version = Schemas['DatasetVersion'];
type Props = { version: Version; edits: Edits; onEdits: (edits: Edits) => void };

/** What the next version will have other than this one, and the button that makes it. */
export function NextVersion({ version, edits, onEdits }: Props) {
  const navigate = useNavigate();
  const [opened, { open, close }] = useDisclosure();
  const [classesOpened, classes] = useDisclosure();
  const make = useMutation({
    mutationFn: () =>
      take(
        http.POST('/api/v1/datasets/{id}/versions/', {
          params: { path: { id: version.dataset } },
          body: bodyOf(edits, version.id),
        }),
      ),
    onSuccess: async (made) => {
      onEdits(NO_EDITS);
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/'] });
      await navigate(`/datasets/${version.dataset}/${made.number}`);
    },
  });
  return (
    <Panel title="Next version">
      <Stack gap="sm">
        <Text size="sm">
          {isEmpty(edits)
            ? 'This version stays as it is. Mark images below to exclude or relabel them, rename or merge classes, draw other splits, or add images; the files are shared, not copied.'
            : `${inWords(edits)}.`}
        </Text>
        <Fault error={make.error} />
        <Group gap="xs">
          <Button size="compact-sm" disabled={isEmpty(edits)} loading={make.isPending} onClick={() => make.mutate()}>
            Make the next version
          </Button>
          <Button size="compact-sm" variant="default" onClick={classes.open}>
            Classes
          </Button>
          <Button size="compact-sm" variant="default" onClick={open}>
            Re-split
          </Button>
          <Button size="compact-sm" variant="default" component={Link} to={`/upload?base=${version.id}`}>
            Add images
          </Button>
          {!isEmpty(edits) && (
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onEdits(NO_EDITS)}>
              Discard the changes
            </Button>
          )}
        </Group>
      </Stack>
      <ClassEdits version={version} edits={edits} onEdits={onEdits} opened={classesOpened} onClose={classes.close} />
      <Modal opened={opened} onClose={close} title="Draw the splits anew">
        <ResplitForm
          start={edits.resplit}
          onDone={(resplit) => {
            onEdits({ ...edits, resplit });
            close();
          }}
        />
      </Modal>
    </Panel>
  );
}

const SHARE_NAMES = ['train', 'val', 'test'] as const;

function ResplitForm({ start, onDone }: { start: Resplit | null; onDone: (resplit: Resplit | null) => void }) {
  const [seed, setSeed] = useState(start?.seed ?? 1);
  const [shares, setShares] = useState<Resplit['shares']>(start?.shares ?? [80, 10, 10]);
  const whole = shares.reduce((sum, share) => sum + share, 0) === 100 && shares[0] > 0;
  const put = (place: number, share: number) => {
    const [train, val, test] = shares.map((old, at) => (at === place ? share : old));
    setShares([train ?? 0, val ?? 0, test ?? 0]);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (whole) onDone({ seed, shares });
      }}
    >
      <Stack gap="sm">
        <Text size="sm">Drawn per class; near duplicates stay together in one split.</Text>
        <Group grow>
          {SHARE_NAMES.map((name, place) => (
            <NumberInput
              key={name}
              label={`${name}, %`}
              min={0}
              max={100}
              value={shares[place]}
              onChange={(value) => put(place, Number(value))}
            />
          ))}
        </Group>
        <NumberInput
          label="Seed"
          description="The same seed draws the same splits."
          min={0}
          allowDecimal={false}
          value={seed}
          onChange={(value) => setSeed(Number(value))}
        />
        {!whole && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            The shares must add up to 100, with some for train.
          </Text>
        )}
        <Group justify="flex-end">
          {start !== null && (
            <Button variant="default" onClick={() => onDone(null)}>
              Leave the splits
            </Button>
          )}
          <Button type="submit" disabled={!whole}>
            Draw them anew
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

import { Kbd, Progress, Switch, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Panel } from '@/components/Page';
import { useKeys } from '@/components/useKeys';
import { EditTile } from './EditTile';
import { firstTile, nameOf, ownTile, switched } from './sheetTiles';
import classes from './Edits.module.css';

type Props = { edit: Schemas['Edit']; sheet: Schemas['EditSheet'] };

/** The image beside what the switches ask for, what the judges say of it, and all combinations below. */
export function EditResult({ edit, sheet }: Props) {
  const [tile, setTile] = useState(() => firstTile(sheet));
  const flip = (place: number) => setTile(switched(sheet, tile, place));
  const number = Math.min(sheet.attributes.length, 9);
  useKeys(
    Array.from({ length: number }, (_, place) => ({
      keys: [`${place + 1}`],
      label: sheet.attributes[place] ?? '',
      act: () => flip(place),
    })),
  );
  return (
    <>
      <Panel title={`Image ${edit.image}`}>
        <div className={classes.beside}>
          <figure className={classes.figure}>
            <EditTile edit={edit.id} sheet={sheet} tile={ownTile(sheet)} shown="The image" />
            <figcaption>The image, as the model sees it</figcaption>
          </figure>
          <figure className={classes.figure} data-testid="result">
            <EditTile edit={edit.id} sheet={sheet} tile={tile} />
            <figcaption>Edited: {nameOf(sheet, tile)}</figcaption>
          </figure>
          <div className={classes.controls}>
            {sheet.attributes.map((name, place) => (
              <div key={name}>
                <Switch
                  label={
                    <>
                      {name} {place < number && <Kbd size="xs">{place + 1}</Kbd>}
                    </>
                  }
                  aria-label={name}
                  checked={sheet.combinations[tile]?.[place] === 1}
                  onChange={() => flip(place)}
                />
                <Chance who="encoder" value={sheet.chances.encoder[tile]?.[place]} />
                <Chance who="model" value={sheet.chances.model[tile]?.[place]} />
              </div>
            ))}
            <Text size="xs" c="dimmed">
              How probable each is in the edited image: the encoder has learnt from real images alone, the model’s own
              classifier has taught the generator.
            </Text>
          </div>
        </div>
      </Panel>
      <Panel title="All combinations">
        <div className={classes.choices}>
          {sheet.combinations.map((_, place) => (
            <UnstyledButton
              key={place}
              className={classes.choice}
              aria-pressed={place === tile}
              onClick={() => setTile(place)}
            >
              <EditTile edit={edit.id} sheet={sheet} tile={place} />
              {nameOf(sheet, place)}
            </UnstyledButton>
          ))}
        </div>
      </Panel>
    </>
  );
}

function Chance({ who, value }: { who: string; value: number | null | undefined }) {
  if (value === null || value === undefined) return null;
  const percent = Math.round(100 * value);
  return (
    <Text component="div" size="xs" c="dimmed">
      {who} {percent} %
      <Progress value={percent} size="xs" aria-label={`${who}: ${percent} %`} />
    </Text>
  );
}

import { Kbd, Progress, Switch, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Panel } from '@/components/Page';
import { useKeys } from '@/components/useKeys';
import { EditTile } from './EditTile';
import { firstTile, isUnseen, nameOf, ownTile, rivalsOf, switched } from './sheetTiles';
import classes from './Edits.module.css';

type Props = { edit: Schemas['Edit']; sheet: Schemas['EditSheet'] };

/** The image beside what the switches ask for, what the judges say of it, and all combinations below. */
export function EditResult({ edit, sheet }: Props) {
  const [tile, setTile] = useState(() => firstTile(sheet));
  const flip = (place: number) => setTile(switched(sheet, tile, place));
  const number = Math.min(sheet.attributes.length, 9);
  const places = sheet.combinations.map((_, place) => place);
  const unseen = sheet.are_classes ? [] : places.filter((place) => isUnseen(sheet, place));
  const shared = { edit: edit.id, sheet, chosen: tile, onChoose: setTile };
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
                {rivalsOf(sheet, place) !== '' && (
                  <Text size="xs" c="dimmed">
                    switches {rivalsOf(sheet, place)} off
                  </Text>
                )}
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
        <Tiles {...shared} tiles={places.filter((place) => !unseen.includes(place))} />
        {unseen.length > 0 && (
          <>
            <Text size="sm" mt="md" mb="xs">
              Together in no training image:
            </Text>
            <Tiles {...shared} tiles={unseen} />
          </>
        )}
      </Panel>
    </>
  );
}

type TilesProps = {
  edit: string;
  sheet: Schemas['EditSheet'];
  tiles: number[];
  chosen: number;
  onChoose: (tile: number) => void;
};

function Tiles({ edit, sheet, tiles, chosen, onChoose }: TilesProps) {
  return (
    <div className={classes.choices}>
      {tiles.map((tile) => (
        <UnstyledButton
          key={tile}
          className={classes.choice}
          aria-pressed={tile === chosen}
          onClick={() => onChoose(tile)}
        >
          <EditTile edit={edit} sheet={sheet} tile={tile} />
          {nameOf(sheet, tile)}
        </UnstyledButton>
      ))}
    </div>
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

import { Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { address } from '@/api/address';
import { MoreButton } from '@/components/MoreButton';
import { outwards, type Points } from './points';
import classes from './Map.module.css';

const AT_ONCE = 48;
const SIDE = 46;

type Props = { points: Points; marked: Uint8Array; version: string; classNames: string[] };

/** The training images of an area, from its middle outwards. */
export function RealImages({ points, marked, version, classNames }: Props) {
  const [shown, setShown] = useState(AT_ONCE);
  const places = useMemo(() => {
    const found: number[] = [];
    for (let place = 0; place < points.length; place += 1)
      if (marked[place] === 1 && points.isReal[place] === 1) found.push(place);
    return outwards(points, found);
  }, [points, marked]);
  if (places.length === 0) return <Text size="sm">No training image lies here.</Text>;
  return (
    <>
      <div className={classes.real} role="group" aria-label="Training images in the area" tabIndex={0}>
        {places.slice(0, shown).map((place) => {
          const [index, name] = [points.key[place] ?? 0, classNames[points.label[place] ?? 0] ?? ''];
          return (
            <img
              key={index}
              src={address('/api/v1/versions/{id}/images/{index}/thumbnail/', { id: version, index })}
              alt={`Training image ${index}, ${name}`}
              title={`${name}, training image ${index}`}
              width={SIDE}
              height={SIDE}
              loading="lazy"
            />
          );
        })}
      </div>
      <MoreButton hasMore={shown < places.length} isLoading={false} onMore={() => setShown(shown + 4 * AT_ONCE)} />
    </>
  );
}

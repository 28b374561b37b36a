import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { useKinds } from './kinds';

/** What kind of dataset it was taken for and why, and how another kind is chosen. */
export function KindLine({ kind, recognised }: Pick<Schemas['DatasetVersion'], 'kind' | 'recognised'>) {
  const kinds = useKinds();
  if (kind === '') return null;
  const title = kinds.find((one) => one.name === kind)?.card.title ?? kind;
  if (recognised === '') return <Text size="sm">Read as: {title}.</Text>;
  return (
    <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
      Recognised as: {title}. {recognised}{' '}
      <Text span size="sm" c="dimmed">
        Wrong?{' '}
        <Anchor component={Link} to="/upload" size="sm" underline="always">
          Upload it again
        </Anchor>{' '}
        and choose the kind there.
      </Text>
    </Text>
  );
}

import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import { useLiveVersion } from './live';
import { isMoving } from './words';

/** A version that an upload became, and where it is seen. */
export type Made = { name: string; address: string; version: string };

/** What became of an upload: it is being read, or what it was recognised as. */
export function MadeLine({ name, address, version }: Made) {
  const { data } = useLiveVersion(version);
  const isRead = data !== undefined && !isMoving(data.state);
  return (
    <Text size="sm" role="status">
      <Anchor component={Link} to={address} size="sm" underline="always">
        {name}
      </Anchor>{' '}
      {!isRead && 'is being read.'}
      {isRead && (data.state === 'ready' ? `is ready. ${data.recognised}` : 'could not be read.')}
    </Text>
  );
}

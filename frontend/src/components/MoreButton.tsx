import { Button } from '@mantine/core';

type Props = { hasMore: boolean; isLoading: boolean; onMore: () => void };

/** The way to the next page of a list. */
export function MoreButton({ hasMore, isLoading, onMore }: Props) {
  if (!hasMore) return null;
  return (
    <Button variant="default" size="compact-sm" mt="sm" loading={isLoading} onClick={onMore}>
      Show more
    </Button>
  );
}

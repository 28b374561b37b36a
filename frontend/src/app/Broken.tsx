import { Anchor, Button, Group, Text } from '@mantine/core';
import { useEffect } from 'react';
import { Link, isRouteErrorResponse, useRouteError } from 'react-router';
import { sentenceOf } from '@/api/errors';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { Loading } from './Gate';
import { isCuredByReload } from './stale';

/** A page that broke: loaded anew when it is older than the service, else said plainly, with the ways on. */
export function Broken() {
  const error = useRouteError();
  const isOld = isCuredByReload(error);
  useEffect(() => {
    if (isOld) window.location.reload();
  }, [isOld]);
  if (isOld) return <Loading />;
  if (isRouteErrorResponse(error) && error.status === 404) return <Missing />;
  return (
    <Page>
      <PageHead title="This page broke" />
      <Text mb="md">{sentenceOf(error)}</Text>
      <Group>
        <Button onClick={() => window.location.reload()}>Reload</Button>
        <Anchor component={Link} to="/">
          Home
        </Anchor>
      </Group>
    </Page>
  );
}

export function Missing() {
  return (
    <Page>
      <PageHead title="There is nothing here" />
      <Text>
        The address does not belong to any page.{' '}
        <Anchor component={Link} to="/" underline="always">
          Go home
        </Anchor>{' '}
        and look from there.
      </Text>
    </Page>
  );
}

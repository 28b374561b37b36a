import { Anchor, Button, Group, Text } from '@mantine/core';
import { Link, isRouteErrorResponse, useRouteError } from 'react-router';
import { sentenceOf } from '@/api/errors';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';

/** A page that broke: said plainly, with the ways on. */
export function Broken() {
  const error = useRouteError();
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

import { Text } from '@mantine/core';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';

type Props = { name: string; crumbs: { label: string; to: string }[] };

/** The catalogue has no model of this name. */
export function Missing({ name, crumbs }: Props) {
  return (
    <Page>
      <PageHead title="No such model" crumbs={crumbs} />
      <Text>There is no model called “{name}” on this service. Models lists those that there are.</Text>
    </Page>
  );
}

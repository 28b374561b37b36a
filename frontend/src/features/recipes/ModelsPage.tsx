import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { useCatalogue } from './useCatalogue';

/** Every model there is to choose from, each with its help page. */
export function ModelsPage() {
  const { data, error, refetch } = useCatalogue();
  if (data === undefined) return <PagePending title="Models" error={error} onRetry={() => void refetch()} />;
  return (
    <Page>
      <PageHead
        title="Models"
        crumbs={[{ label: 'Home', to: '/' }]}
        summary="Published methods that learn a dataset and draw new images of it. Each has a page that says what it is good at, what it needs, and what every setting does."
      />
      <Stack gap="md">
        {data.models.map(({ name, card }) => (
          <Panel key={name}>
            <Title order={2} mb={4}>
              <Anchor component={Link} to={`/models/${name}`} inherit>
                {card.title}
              </Anchor>
            </Title>
            <Text size="sm">{card.summary}</Text>
            <Text size="xs" c="dimmed" mt={4}>
              {[card.paper, card.venue].filter((part) => part !== '').join(', ')}
            </Text>
          </Panel>
        ))}
      </Stack>
    </Page>
  );
}

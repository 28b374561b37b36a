import { Anchor, Code, List, Stack, Table, Text } from '@mantine/core';
import { useParams } from 'react-router';
import type { Schemas } from '@/api/client';
import { plural, words } from '@/components/format';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { samplerObstacle } from '@/components/recipe/suitability';
import { readFields, type Field } from '@/components/SettingsForm/fields';
import { TableScroll } from '@/components/TableScroll';
import { Missing } from './Missing';
import { defaultOf, mayBe } from './settingWords';
import { useCatalogue } from './useCatalogue';

type Model = Schemas['ModelPlugin'];

const MODELS = [
  { label: 'Home', to: '/' },
  { label: 'Models', to: '/models' },
];

/** The help page of a model: what it is good at, what it needs and gives, and what every setting does. */
export function ModelPage() {
  const { name = '' } = useParams();
  const { data, error, refetch } = useCatalogue();
  if (data === undefined) return <PagePending title="Model" error={error} onRetry={() => void refetch()} />;
  const model = data.models.find((one) => one.name === name);
  if (model === undefined) return <Missing crumbs={MODELS} name={name} />;
  return (
    <Page>
      <PageHead title={model.card.title} crumbs={MODELS} summary={model.card.summary} />
      <Columns
        main={
          <>
            <Panel title="What to expect">
              <Stack gap="xs">
                <Told label="Good at" text={model.card.strengths} />
                <Told label="Mind" text={model.card.limits} />
                <Told label="Labels" text={model.card.labels} />
              </Stack>
            </Panel>
            <Settings model={model} />
            <Conflicts model={model} />
          </>
        }
        aside={
          <>
            <Paper card={model.card} />
            <Panel title="What it needs">
              <Text size="sm">Datasets whose items hold {listed(model.consumes)}.</Text>
            </Panel>
            <Scores model={model} samplers={data.samplers} />
          </>
        }
      />
    </Page>
  );
}

function Told({ label, text }: { label: string; text: string }) {
  if (text === '') return null;
  return (
    <Text size="sm">
      <b>{label}:</b> {text}
    </Text>
  );
}

function Paper({ card }: { card: Schemas['Card'] }) {
  if (card.paper === '') return null;
  return (
    <Panel title="Paper">
      <Text size="sm">
        {card.url === '' ? (
          card.paper
        ) : (
          <Anchor href={card.url} target="_blank" rel="noreferrer" inherit underline="always">
            {card.paper}
          </Anchor>
        )}
      </Text>
      <Text size="sm" c="dimmed" mt={4}>
        {[card.authors, card.venue].filter((part) => part !== '').join(', ')}
      </Text>
    </Panel>
  );
}

/** What its images can be ranked by, and with which samplers, as far as its defaults go. */
function Scores({ model, samplers }: { model: Model; samplers: Schemas['SamplerPlugin'][] }) {
  const suited = samplers.filter((sampler) => samplerObstacle(sampler, model, {}) === null);
  return (
    <Panel title="Scores it gives">
      <List size="sm" spacing={4}>
        {Object.entries(model.provides).map(([score, setting]) => (
          <List.Item key={score}>
            {words(score)}
            {setting !== null && (
              <>
                , with <Code>{setting}</Code> above 0
              </>
            )}
          </List.Item>
        ))}
      </List>
      <Text size="sm" mt="xs">
        Samplers that suit it by default: {listed(suited.map((sampler) => sampler.card.title))}.
      </Text>
    </Panel>
  );
}

function Settings({ model }: { model: Model }) {
  const fields = readFields(model.schema);
  return (
    <Panel title={`Settings (${fields.length})`}>
      <TableScroll label="Settings" minWidth={560}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Setting</Table.Th>
            <Table.Th>Default</Table.Th>
            <Table.Th>May be</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {fields.map((field) => (
            <SettingRow key={field.name} field={field} />
          ))}
        </Table.Tbody>
      </TableScroll>
    </Panel>
  );
}

function SettingRow({ field }: { field: Field }) {
  return (
    <Table.Tr id={field.name} style={{ verticalAlign: 'top' }}>
      <Table.Td miw={240}>
        <b>{field.title}</b> <Code>{field.name}</Code>
        <Text size="sm" component="div">
          {field.help}
        </Text>
      </Table.Td>
      <Table.Td miw={90}>{defaultOf(field)}</Table.Td>
      <Table.Td maw={220} miw={120} style={{ overflowWrap: 'anywhere' }}>
        {mayBe(field)}
      </Table.Td>
    </Table.Tr>
  );
}

function Conflicts({ model }: { model: Model }) {
  if (model.conflicts.length === 0) return null;
  return (
    <Panel title={`What does not go together (${plural(model.conflicts.length, 'rule')})`}>
      <List size="sm" spacing={4}>
        {model.conflicts.map(({ sentence }) => (
          <List.Item key={sentence}>{sentence}</List.Item>
        ))}
      </List>
    </Panel>
  );
}

function listed(parts: string[]): string {
  return parts.length === 0 ? 'none' : new Intl.ListFormat('en').format(parts.map(words));
}

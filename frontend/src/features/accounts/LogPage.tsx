import { Button, Group, Select, Table, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { Link, useSearchParams } from 'react-router';
import { address } from '@/api/address';
import { api, cursorOf, type Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import type { Lab } from '@/api/session';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { moment } from '@/components/format';
import { MoreButton } from '@/components/MoreButton';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { TableScroll } from '@/components/TableScroll';
import { DEED_WORDS, deedChoices, isDeed } from './deeds';

const PATH = '/api/v1/labs/{id}/log/';

/** Who did what in the lab, and when; for admins and owners. */
export function LogPage() {
  const { lab, may } = useLab();
  if (lab === null || !may('admin'))
    return (
      <Page>
        <PageHead title="Log" crumbs={[{ label: 'People', to: '/people' }]} />
        <Text>Reading the log needs the role admin in this lab.</Text>
      </Page>
    );
  return <LogOf key={lab.id} lab={lab} />;
}

function LogOf({ lab }: { lab: Lab }) {
  const [search, setSearch] = useSearchParams();
  const person = search.get('person');
  const deed = search.get('deed');
  const query = { ...(person === null ? {} : { person }), ...(isDeed(deed) ? { deed } : {}) };
  const put = (name: string, value: string | null) => {
    const next = new URLSearchParams(search);
    if (value === null) next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  return (
    <Page>
      <PageHead
        title="Log"
        crumbs={[{ label: 'People', to: '/people' }]}
        summary={`Who did what in ${lab.name}, the newest first. Entries are never changed.`}
        actions={
          <Button
            component="a"
            variant="default"
            download
            href={address('/api/v1/labs/{id}/log.csv', { id: lab.id }, query)}
            leftSection={<IconDownload size={16} />}
          >
            CSV
          </Button>
        }
      />
      <Panel title="Entries">
        <Group gap="sm" mb="sm" align="flex-end">
          <PersonChoice lab={lab} value={person} onChoose={(value) => put('person', value)} />
          <Select
            label="What"
            placeholder="Everything"
            data={deedChoices()}
            value={isDeed(deed) ? deed : null}
            onChange={(value) => put('deed', value)}
            clearable
            searchable
            w={260}
            maw="100%"
          />
        </Group>
        <Entries
          lab={lab.id}
          query={query}
          onPerson={(value) => put('person', value)}
          onEverything={() => setSearch({}, { replace: true })}
        />
      </Panel>
    </Page>
  );
}

type ChoiceProps = { lab: Lab; value: string | null; onChoose: (id: string | null) => void };

/** Members, and whoever else was pressed in the list. */
function PersonChoice({ lab, value, onChoose }: ChoiceProps) {
  const { data: members } = api.useQuery('get', '/api/v1/labs/{id}/members/', { params: { path: { id: lab.id } } });
  const people = (members ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const isKnown = value === null || people.some((one) => one.value === value);
  return (
    <Select
      label="Who"
      placeholder="Everybody"
      data={isKnown || members === undefined ? people : [...people, { value, label: 'Somebody who left' }]}
      value={value}
      onChange={onChoose}
      clearable
      searchable
      w={220}
      maw="100%"
    />
  );
}

type Query = { person?: string; deed?: Schemas['LogEntry']['deed'] };
type EntriesProps = { lab: string; query: Query; onPerson: (id: string) => void; onEverything: () => void };

function Entries({ lab, query, onPerson, onEverything }: EntriesProps) {
  const isNarrowed = Object.keys(query).length > 0;
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    PATH,
    { params: { path: { id: lab }, query: { ...query, limit: 50 } } },
    { initialPageParam: null, getNextPageParam: (page) => cursorOf(page.next) },
  );
  if (data === undefined) return error === null ? <Waiting /> : <Fault error={error} onRetry={() => void refetch()} />;
  const entries = data.pages.flatMap((page) => page.results);
  if (entries.length === 0)
    return (
      <Empty
        title="Nothing is noted"
        action={
          isNarrowed ? (
            <Button variant="default" onClick={onEverything}>
              Show everything
            </Button>
          ) : (
            <Button component={Link} variant="default" to="/people">
              Invite somebody
            </Button>
          )
        }
      >
        {isNarrowed
          ? 'Nobody did anything of this kind, or its entries are over their time.'
          : 'What people do in the lab stands here from now on.'}
      </Empty>
    );
  return (
    <>
      <TableScroll label="Log" minWidth={680}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>What</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <EntryRow key={entry.id} entry={entry} onPerson={onPerson} />
          ))}
        </Table.Tbody>
      </TableScroll>
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </>
  );
}

function EntryRow({ entry, onPerson }: { entry: Schemas['LogEntry']; onPerson: (id: string) => void }) {
  const { at, person, person_name, token_name, deed, subject, detail } = entry;
  return (
    <Table.Tr>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>{moment(at)}</Table.Td>
      <Table.Td miw={140}>
        {person === null ? (
          <Text size="sm">{person_name === '' ? 'At the server' : person_name}</Text>
        ) : (
          <Button size="compact-sm" variant="subtle" px={0} onClick={() => onPerson(person)}>
            {person_name}
          </Button>
        )}
        {token_name !== '' && (
          <Text size="xs" c="dimmed">
            by the token {token_name}
          </Text>
        )}
      </Table.Td>
      <Table.Td miw={260}>
        <Text size="sm">
          {DEED_WORDS[deed]} <b>{subject}</b>
        </Text>
        {detail !== '' && (
          <Text size="xs" c="dimmed">
            {detail}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

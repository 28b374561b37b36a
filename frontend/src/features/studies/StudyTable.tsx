import { Anchor, Progress, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { api, cursorOf, type Schemas } from '@/api/client';
import { Empty } from '@/components/Empty';
import { Fault, Waiting } from '@/components/Fault';
import { ago, plural } from '@/components/format';
import { PutAway } from '@/components/life/PutAway';
import { MoreButton } from '@/components/MoreButton';
import { StateLabel } from '@/components/StateLabel';
import { TableScroll } from '@/components/TableScroll';
import { ANSWERS, isMoving, stateOf, studyTitle } from './words';

const REFRESH_MS = 4_000;

type Props = {
  lab: string;
  /** Only those on this dataset version. */
  version?: string;
  /** Only those that this run raised. */
  run?: string;
  archived?: boolean;
  /** What leads on where there are none. */
  action?: ReactNode;
};

/** The lab's studies, or some of them, with their answers; those that move are asked again every few seconds. */
export function StudyTable({ lab, version, run, archived = false, action }: Props) {
  const some = { ...(version === undefined ? {} : { version }), ...(run === undefined ? {} : { run }) };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = api.useInfiniteQuery(
    'get',
    '/api/v1/studies/',
    { params: { query: { lab, ...some, archived: archived ? 'all' : 'no', limit: 20 } } },
    {
      initialPageParam: null,
      getNextPageParam: (page) => cursorOf(page.next),
      refetchInterval: (query) =>
        query.state.data?.pages.some((page) => page.results.some((study) => isMoving(study.state))) === true
          ? REFRESH_MS
          : false,
    },
  );
  if (data === undefined) return error === null ? <Waiting /> : <Fault error={error} onRetry={() => void refetch()} />;
  const studies = data.pages.flatMap((page) => page.results);
  if (studies.length === 0)
    return (
      <Empty title="No studies yet" action={action}>
        A study trains the same small classifier with and without synthetic images, from several seeds, and says by
        images that nothing else saw whether they helped. Or it trains several ways of editing attributes alike, and
        says how often each does what was asked.
      </Empty>
    );
  return (
    <>
      <TableScroll label="Studies" minWidth={680}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Study</Table.Th>
            <Table.Th>Answer</Table.Th>
            <Table.Th>State</Table.Th>
            {version === undefined && <Table.Th>Dataset</Table.Th>}
            <Table.Th>Started</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {studies.map((study) => (
            <StudyRow key={study.id} study={study} withDataset={version === undefined} />
          ))}
        </Table.Tbody>
      </TableScroll>
      <MoreButton hasMore={hasNextPage} isLoading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </>
  );
}

function StudyRow({ study, withDataset }: { study: Schemas['StudyListItem']; withDataset: boolean }) {
  const { label, tone } = stateOf(study);
  const title = studyTitle(study);
  const isOfArts = study.question === 'attributes';
  const { num_done, num_children, num_generators } = study.progress;
  const number = isOfArts ? num_generators : num_children;
  return (
    <Table.Tr>
      <Table.Td miw={190}>
        <Anchor component={Link} to={`/studies/${study.id}`} fw={500} size="sm">
          {title}
        </Anchor>
        <Text size="xs" c="dimmed">
          {isOfArts ? plural(study.arms.length, 'way', 'ways') : `${study.model}, ${plural(study.arms.length, 'arm')}`}
          {isOfArts && ' to edit attributes'}
        </Text>
        <PutAway thing={{ noun: 'study', id: study.id, name: title, archived_at: study.archived_at }} />
      </Table.Td>
      <Table.Td miw={200}>
        {study.answer === null ? (
          <Text size="sm" c="dimmed">
            {study.sentence === '' ? '–' : study.sentence}
          </Text>
        ) : (
          <>
            <StateLabel tone={ANSWERS[study.answer].tone}>{ANSWERS[study.answer].label}</StateLabel>
            <Text size="xs" c="dimmed" maw={420}>
              {study.sentence}
            </Text>
          </>
        )}
      </Table.Td>
      <Table.Td miw={130}>
        <StateLabel tone={tone}>{label}</StateLabel>
        {study.state === 'running' && number > 0 && (
          <>
            <Progress size="sm" mt={4} value={(100 * num_done) / number} aria-label={`Progress of ${title}`} />
            <Text size="xs" c="dimmed" className="numbers">
              {num_done} of {isOfArts ? plural(number, 'training') : plural(number, 'child', 'children')}
            </Text>
          </>
        )}
      </Table.Td>
      {withDataset && (
        <Table.Td miw={150}>
          <Anchor component={Link} to={`/datasets/${study.dataset}/${study.version_number}`} size="sm">
            {study.dataset_name}, version {study.version_number}
          </Anchor>
        </Table.Td>
      )}
      <Table.Td style={{ whiteSpace: 'nowrap' }}>
        {ago(study.created_at)}
        {study.created_by !== null && `, ${study.created_by}`}
      </Table.Td>
    </Table.Tr>
  );
}

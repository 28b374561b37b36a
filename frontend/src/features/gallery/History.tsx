import { Table, Text } from '@mantine/core';
import { api, type Schemas } from '@/api/client';
import { Fault, Waiting } from '@/components/Fault';
import { moment } from '@/components/format';

/** Who said what of a sample, and when; the latest first. */
export function History({ sample }: { sample: number }) {
  const history = api.useQuery('get', '/api/v1/samples/{id}/history/', { params: { path: { id: sample } } });
  if (history.data === undefined)
    return history.error === null ? (
      <Waiting lines={3} />
    ) : (
      <Fault error={history.error} onRetry={() => void history.refetch()} />
    );
  const { results, next } = history.data;
  if (results.length === 0) return <Text>Nobody has said anything of it yet.</Text>;
  return (
    <>
      <Table verticalSpacing={4} horizontalSpacing={0} fz="sm" aria-label="What was said of it">
        <Table.Tbody>
          {results.map((change) => (
            <Table.Tr key={change.id}>
              <Table.Td c="dimmed" w="38%">
                {moment(change.changed_at)}
              </Table.Td>
              <Table.Td>
                {change.person} {wordsOf(change)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {next !== null && (
        <Text size="xs" c="dimmed" mt="xs">
          Only the latest {results.length} changes are shown.
        </Text>
      )}
    </>
  );
}

/** "rejected it: blurred, and rated it 2" */
function wordsOf({ before, after, is_undo }: Schemas['VerdictChange']): string {
  const parts = [
    ...(after.value !== before.value || after.reason !== before.reason ? [valueWords(after)] : []),
    ...(after.rating !== before.rating
      ? [after.rating === null ? 'cleared the rating' : `rated it ${after.rating}`]
      : []),
  ];
  return `${parts.join(', and ')}${is_undo ? ' (undo)' : ''}`;
}

function valueWords({ value, reason }: Schemas['Said']): string {
  if (value === null) return 'cleared the verdict';
  return `${value}ed it${reason === '' ? '' : `: ${reason}`}`;
}

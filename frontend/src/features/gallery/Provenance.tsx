import { Anchor, Table, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { address } from '@/api/address';
import { CopyLine } from '@/components/CopyLine';
import { moment, words } from '@/components/format';
import classes from './Gallery.module.css';

/** Everything needed to make this very sample again, and what people and selections decided about it. */
export function Provenance({ detail }: { detail: Schemas['SampleDetail'] }) {
  const { provenance, index, choices, verdicts } = detail;
  const rows: [string, React.ReactNode][] = [
    [
      'Run',
      <Anchor key="run" component={Link} to={`/runs/${provenance.run}`} size="sm">
        {provenance.run_name}
      </Anchor>,
    ],
    ...madeBy(detail),
    ...(detail.source === null ? [] : [sourceOf(detail, detail.source)]),
    ['Dataset', `${provenance.dataset_name}, version ${provenance.version_number}`],
    ['Row in the pool', index],
    ...choices.map((choice): [string, React.ReactNode] => [
      `Selection ${choice.number}`,
      choice.kept ? `kept, rank ${(choice.rank ?? 0) + 1}` : `dropped: ${words(choice.reason)}`,
    ]),
    ...verdicts.map((verdict): [string, React.ReactNode] => [
      verdict.person,
      `${said(verdict)} ${moment(verdict.decided_at)}${verdict.reason === '' ? '' : `: ${verdict.reason}`}`,
    ]),
  ];
  return (
    <>
      <Table verticalSpacing={4} horizontalSpacing={0} fz="sm">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td c="dimmed" w="40%">
                {name}
              </Table.Td>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {provenance.remake !== null && (
        <>
          <Text size="sm" c="dimmed" mt="sm" mb={4}>
            Checkpoint (sha256)
          </Text>
          <CopyLine text={provenance.checkpoint_sha256} label="the checkpoint's hash" />
          <Text size="sm" c="dimmed" mt="sm" mb={4}>
            Make the same pixels again on the server, and compare them
          </Text>
          <CopyLine text={provenance.remake} label="the command that makes it again" />
        </>
      )}
    </>
  );
}

/** The real image that a translation was made from. */
function sourceOf({ provenance }: Schemas['SampleDetail'], index: number): [string, React.ReactNode] {
  const src = address('/api/v1/versions/{id}/images/{index}/thumbnail/', { id: provenance.version, index });
  return [
    'Real image it was made from',
    <figure key="source" className={classes.source}>
      <img src={src} alt={`Real image ${index}`} height={64} loading="lazy" />
      <figcaption>{index}</figcaption>
    </figure>,
  ];
}

function said({ value, rating }: Schemas['Verdict']): string {
  const parts = [value === null ? '' : `${value}ed`, rating === null ? '' : `rated ${rating} of 5`];
  return parts.filter((part) => part !== '').join(', ');
}

/** What made it: our recipe with its noise, or somebody else's model. */
function madeBy({ provenance, seed, source }: Schemas['SampleDetail']): [string, React.ReactNode][] {
  const { origin, recipe } = provenance;
  if (origin === null)
    return [
      ['Recipe', `${recipe.number}: ${recipe.model}, ${words(recipe.sampler)}`],
      [source === null ? 'Seed of its noise' : 'Seed that picked its source', seed],
      ['Computed on', provenance.device],
    ];
  return [
    ['Made elsewhere, by', origin.name],
    ['File', provenance.file_name],
    ['Licence', origin.licence === '' ? 'none was stated' : origin.licence],
    ...(origin.note === '' ? [] : [['Note', origin.note] as [string, React.ReactNode]]),
  ];
}

import { Button, Table, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { Fragment } from 'react';
import { api, type Schemas } from '@/api/client';
import { measured, plural } from '@/components/format';
import { Panel } from '@/components/Page';
import { TableScroll } from '@/components/TableScroll';
import { artTitle, csvOf, marks, meanOf, shortened, type AttributeResult } from './attributes';
import classes from './AttributeTable.module.css';
import { between, percent } from './figures';

type Spread = Schemas['Spread'];
type Props = { id: string; result: AttributeResult };

/** A row for each art that is measured, a column for each attribute; the average last, then what the edits cost. */
export function AttributeTable({ id, result }: Props) {
  const catalogue = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const published = catalogue.data?.attribute_study.arts ?? [];
  const { names, classifier, arts, num_held_out } = result;
  const said = marks(result);
  return (
    <Panel title="Attributes recognised as asked" actions={<Download id={id} result={result} />}>
      <TableScroll
        label="Recognition by art and attribute"
        minWidth={420 + 84 * names.length}
        className={classes.table}
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Share of edits, %</Table.Th>
            {names.map((name) => (
              <Table.Th key={name} ta="right">
                <Breakable name={name} />
              </Table.Th>
            ))}
            <Table.Th ta="right">Average</Table.Th>
            <Table.Th ta="right">Identity</Table.Th>
            <Table.Th ta="right">Reconstruction</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Table.Tr className={classes.real}>
            <Table.Th scope="row" fw={500}>
              Classifier on real images
            </Table.Th>
            {[...classifier, meanOf(classifier)].map((value, place) => (
              <Table.Td key={names[place] ?? 'average'} ta="right" className="numbers">
                {value === null ? '–' : percent(value)}
              </Table.Td>
            ))}
            <Table.Td ta="right">–</Table.Td>
            <Table.Td ta="right">–</Table.Td>
          </Table.Tr>
          {arts.map((art) => (
            <Table.Tr key={art.name}>
              <Table.Th scope="row" fw={said.get(art.name) === 'best' ? 650 : 500} title={shortened(art.name)}>
                {artTitle(art.name, published)}
                <Text size="xs" c="dimmed" fw={400}>
                  {[said.get(art.name), plural(art.num_seeds, 'seed')].filter((part) => part !== undefined).join(', ')}
                </Text>
              </Table.Th>
              {[...art.by_attribute, art.average].map((spread, place) => (
                <Cell key={names[place] ?? 'average'} spread={spread} write={percent} />
              ))}
              <Cell spread={art.identity} write={measured} />
              <Cell spread={art.reconstruction} write={measured} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </TableScroll>
      <Text size="xs" c="dimmed" mt="xs" maw={900}>
        {plural(num_held_out, 'validation image')} that no art learnt from, each attribute of them turned around; a
        classifier that learnt from real training images says whether it is there. Below each mean its 95 % interval
        over seeds. Of the classifier: the mean of images that have the attribute and that lack it; where it errs, so
        does the share of an art. Identity: mean squared distance of appearance between source and edit. Reconstruction:
        mean error of the source given back, as a share of a pixel’s range. Of both, less is better.
      </Text>
    </Panel>
  );
}

/** Breaks into lines behind underscores alone: Wavy_ Hair. */
function Breakable({ name }: { name: string }) {
  return name.split(/(?<=_)/).map((part, place) => (
    <Fragment key={place}>
      {part}
      <wbr />
    </Fragment>
  ));
}

function Cell({ spread, write }: { spread: Spread; write: (value: number) => string }) {
  const { mean, low, high } = spread;
  return (
    <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }} className="numbers">
      {mean === null ? '–' : write(mean)}
      <Text size="xs" c="dimmed">
        {mean === null ? '' : between({ mean, low, high }, write)}
      </Text>
    </Table.Td>
  );
}

/** The table as CSV, with the ends of every interval. */
function Download({ id, result }: { id: string; result: AttributeResult }) {
  return (
    <Button
      component="a"
      size="xs"
      variant="default"
      leftSection={<IconDownload size={14} />}
      href={`data:text/csv;charset=utf-8,${encodeURIComponent(csvOf(result))}`}
      download={`study-${id}.csv`}
    >
      Download CSV
    </Button>
  );
}

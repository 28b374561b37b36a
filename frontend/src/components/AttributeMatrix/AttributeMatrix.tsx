import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api } from '@/api/client';
import { Fault, Waiting } from '../Fault';
import { plural } from '../format';
import { CellNumber } from './CellNumber';
import { EDITOR } from './focus';
import { HeatMap } from './HeatMap';
import { cellOf, countedFrom, numChanged, readMatrix, withCell, writeMatrix, type Place } from './matrix';

type Props = {
  label: string;
  version: string;
  /** The names where the version has no attributes. */
  classNames: string[];
  text: string;
  onChange: (text: string) => void;
};

/** How often attributes of a version come together, each number of which may be changed. */
export function AttributeMatrix(props: Props) {
  const { data, error, refetch } = api.useQuery(
    'get',
    '/api/v1/versions/{id}/attributes/',
    { params: { path: { id: props.version } } },
    { staleTime: Infinity },
  );
  if (data === undefined)
    return error === null ? <Waiting lines={6} /> : <Fault error={error} onRetry={() => void refetch()} />;
  const areClasses = data.attributes.length === 0;
  const names = areClasses ? props.classNames : data.attributes;
  const none = areClasses ? [] : names.filter((_, place) => data.images[place] === 0);
  return <Editor {...props} names={names} none={none} matrix={areClasses ? null : data.matrix} />;
}

type EditorProps = Props & {
  names: string[];
  /** Names that no training image has. */
  none: string[];
  matrix: (number | null)[][] | null;
};

function Editor({ label, names, none, matrix, text, onChange }: EditorProps) {
  const [chosen, setChosen] = useState<Place>({ row: 0, column: Math.min(1, names.length - 1) });
  const counted = countedFrom(matrix, names.length);
  const values = readMatrix(text, counted);
  if (values === null)
    return (
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          What stands there is no table of {names.length} rows and columns with numbers from 0 to 1, one for each two of
          this dataset’s {matrix === null ? 'classes' : 'attributes'}.
        </Text>
        <Button size="xs" variant="default" onClick={() => onChange('')}>
          Start again as counted
        </Button>
      </Stack>
    );
  const changed = numChanged(values, counted);
  const set = (value: number) => onChange(writeMatrix(withCell(values, chosen, value), counted));
  return (
    <Stack gap="xs" mt={4} {...{ [EDITOR]: true }}>
      <Group justify="space-between" align="flex-end" gap="sm">
        <CellNumber
          key={`${chosen.row},${chosen.column}`}
          of={names[chosen.row] ?? ''}
          other={names[chosen.column] ?? ''}
          isNone={none.includes(names[chosen.row] ?? '')}
          isFixed={chosen.row === chosen.column}
          value={cellOf(values, chosen)}
          counted={cellOf(counted, chosen)}
          onChange={set}
        />
        <Group gap="sm">
          <Text size="sm" role="status">
            {changed === 0 ? 'All as counted' : `${plural(changed, 'number')} changed`}
          </Text>
          <Button size="xs" variant="default" disabled={changed === 0} onClick={() => onChange('')}>
            As counted
          </Button>
        </Group>
      </Group>
      <HeatMap
        label={label}
        names={names}
        values={values}
        counted={counted}
        chosen={chosen}
        onChoose={setChosen}
        onChange={set}
      />
      <Text size="xs" c="dimmed">
        Row → column: of the training images that have the attribute of the row, the share that has the one of the
        column. A corner marks what differs from the count. Arrow keys move, + and − change by 0.05, digits or Enter go
        to the number and Enter back, Delete puts one back as counted.
      </Text>
    </Stack>
  );
}

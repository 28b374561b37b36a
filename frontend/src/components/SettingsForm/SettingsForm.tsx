import { Accordion, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Control } from './Control';
import classes from './SettingsForm.module.css';
import { awaited, faultOf, isChanged, readFields, shownValue, withValue, type Field, type Values } from './fields';

type Props = {
  /** JSON Schema of the settings. */
  schema: unknown;
  /** What the person chose; a setting that is absent has its default. */
  values: Values;
  onChange: (values: Values) => void;
  /** The server's sentence about a setting, by its name. */
  faults?: Record<string, string>;
  /** The dataset's classes, where settings name some. */
  classNames?: string[];
  /** The dataset version, where settings are about its attributes. */
  version?: string;
  /** Settings that are left out, because they cannot be changed here. */
  fixed?: string[];
  /** Said when there are no settings at all. */
  none?: string;
};

/** The form of a plug-in, drawn from its settings: what matters first is shown, the rest folded. */
export function SettingsForm(props: Props) {
  const { schema, values, onChange, faults = {}, classNames = [], version, fixed = [] } = props;
  const { none = 'Nothing to set.' } = props;
  const all = readFields(schema);
  const fields = all.filter((field) => !fixed.includes(field.name) || field.name in faults);
  if (fields.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {none}
      </Text>
    );
  const marked = fields.filter((field) => field.simple);
  const first = marked.length > 0 ? marked : fields.slice(0, 4);
  const folded = fields.filter((field) => !first.includes(field));
  const draw = (field: Field) => (
    <Control
      key={field.name}
      field={field}
      classNames={classNames}
      version={version}
      awaits={awaited(field, all, values)}
      value={shownValue(field, values)}
      changed={isChanged(field, values)}
      fault={faults[field.name] ?? faultOf(field, shownValue(field, values))}
      onChange={(value) => onChange(withValue(field, values, value))}
    />
  );
  return (
    <Stack gap="md">
      <div className={classes.grid}>{first.map(draw)}</div>
      {folded.length > 0 && <Folded fields={folded} values={values} faults={faults} draw={draw} />}
    </Stack>
  );
}

type FoldedProps = {
  fields: Field[];
  values: Values;
  faults: Record<string, string>;
  draw: (field: Field) => React.ReactNode;
};

function Folded({ fields, values, faults, draw }: FoldedProps) {
  const changed = fields.filter((field) => isChanged(field, values)).length;
  const faulty = fields.some((field) => field.name in faults);
  const [opened, setOpened] = useState<string | null>(null);
  // A fault opens it, and it stays open when the fault is mended: somebody is typing there.
  if (faulty && opened === null) setOpened('more');
  return (
    <Accordion variant="contained" chevronPosition="left" value={opened} onChange={setOpened}>
      <Accordion.Item value="more">
        <Accordion.Control>
          <Group justify="space-between" pr="sm">
            <Text size="sm">{fields.length} more settings</Text>
            {changed > 0 && (
              <Text size="xs" c="dimmed">
                {changed} changed
              </Text>
            )}
          </Group>
        </Accordion.Control>
        <Accordion.Panel>
          <div className={classes.grid}>{fields.map(draw)}</div>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

import {
  ActionIcon,
  Input,
  JsonInput,
  NumberInput,
  SegmentedControl,
  Select,
  Switch,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { AttributeMatrix } from '../AttributeMatrix/AttributeMatrix';
import {
  boundsOf,
  type ChoiceField,
  type ClassField,
  type Field,
  type JsonField,
  type MatrixField,
  type NumberField,
} from './fields';
import classes from './SettingsForm.module.css';

type Props<F extends Field = Field> = {
  field: F;
  /** The dataset's classes, to choose from; none while no dataset is chosen. */
  classNames: string[];
  /** The dataset version, for what is about its attributes; undefined while none is chosen. */
  version: string | undefined;
  /** What has to be chosen elsewhere before this has an effect; empty when it has one. */
  awaits: string[];
  value: unknown;
  fault: string | null;
  onChange: (value: unknown) => void;
};

/** One setting: its control, its help with bounds and default, and, once changed, the way back to the default. */
export function Control({ changed, ...props }: Props & { changed: boolean }) {
  const { field, onChange } = props;
  return (
    <div className={classes.row} data-wide={field.kind === 'matrix' || undefined}>
      <SettingInput {...props} />
      {changed && (
        <Tooltip label={`Back to the default, ${shown(field.initial)}`}>
          <ActionIcon aria-label={`Reset ${field.title} to its default`} onClick={() => onChange(field.initial)}>
            <IconRestore size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
}

function SettingInput(props: Props) {
  const { field, value, fault, onChange } = props;
  const shared = { label: field.title, description: helpOf(props), error: fault };
  switch (field.kind) {
    case 'number':
    case 'integer':
      return <NumberControl {...props} field={field} />;
    case 'choice':
      return <ChoiceControl {...props} field={field} />;
    case 'switch':
      return (
        <Switch {...shared} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
      );
    case 'text':
      return (
        <TextInput
          {...shared}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'class':
      return <ClassControl {...props} field={field} />;
    case 'matrix':
      return <MatrixControl {...props} field={field} />;
    case 'json':
      // A new key when the default comes back, so that the draft starts from it.
      return <JsonControl key={String(value === field.initial)} {...props} field={field} />;
  }
}

function NumberControl(props: Props<NumberField>) {
  const { field, value, fault, onChange } = props;
  return (
    <NumberInput
      label={field.title}
      description={helpOf(props)}
      error={fault}
      value={typeof value === 'number' ? value : ''}
      onChange={(next) => onChange(next === '' ? (field.optional ? null : '') : next)}
      allowDecimal={field.kind === 'number'}
      step={stepOf(field, value)}
      clampBehavior="none"
      classNames={{ wrapper: classes.short }}
    />
  );
}

function ChoiceControl(props: Props<ChoiceField>) {
  const { field, value, fault, onChange } = props;
  const id = useId();
  const data = field.choices.map((choice) => ({ value: String(choice), label: shown(choice) }));
  const choose = (text: string | null) => onChange(field.choices.find((choice) => String(choice) === text) ?? null);
  const letters = data.reduce((sum, choice) => sum + choice.label.length, 0);
  const current = typeof value === 'string' || typeof value === 'number' ? String(value) : null;
  if (data.length > 4 || letters > 32 || current === null || field.optional)
    return (
      <Select
        label={field.title}
        description={helpOf(props)}
        error={fault}
        data={data}
        value={current}
        onChange={choose}
        clearable={field.optional}
        allowDeselect={false}
        classNames={{ wrapper: classes.short ?? '' }}
      />
    );
  return (
    <Input.Wrapper label={field.title} labelElement="div" labelProps={{ id }} description={helpOf(props)} error={fault}>
      <div>
        <SegmentedControl mt={4} size="xs" aria-labelledby={id} data={data} value={current} onChange={choose} />
      </div>
    </Input.Wrapper>
  );
}

function ClassControl({ field, value, fault, classNames, onChange }: Props<ClassField>) {
  const current = typeof value === 'string' ? value : '';
  const shared = { label: field.title, description: field.help, error: fault };
  if (classNames.length === 0)
    return <TextInput {...shared} value={current} onChange={(event) => onChange(event.currentTarget.value)} />;
  // A class that another version had stays to be seen, with the server's sentence about it.
  const data = current === '' || classNames.includes(current) ? classNames : [current, ...classNames];
  return (
    <Select
      {...shared}
      data={data}
      value={current === '' ? null : current}
      onChange={(chosen) => onChange(chosen ?? '')}
      placeholder="Not chosen"
      searchable
      clearable
      clearButtonProps={{ 'aria-label': `Choose no ${field.title}` }}
      classNames={{ wrapper: classes.short ?? '' }}
    />
  );
}

function MatrixControl(props: Props<MatrixField>) {
  const { field, version, classNames, awaits, value, fault, onChange } = props;
  const text = typeof value === 'string' ? value : '';
  const shared = { label: field.title, description: helpOf(props), error: fault };
  if (version === undefined)
    return <TextInput {...shared} value={text} onChange={(event) => onChange(event.currentTarget.value)} />;
  return (
    <Input.Wrapper {...shared} labelElement="div">
      {awaits.length === 0 && (
        <AttributeMatrix
          label={field.title}
          version={version}
          classNames={classNames}
          text={text}
          onChange={onChange}
        />
      )}
    </Input.Wrapper>
  );
}

function JsonControl(props: Props<JsonField>) {
  const { field, value, fault, onChange } = props;
  const [draft, setDraft] = useState(() => JSON.stringify(value));
  const edit = (text: string) => {
    setDraft(text);
    try {
      onChange(JSON.parse(text));
    } catch {
      // Half-typed JSON is kept in the draft; the input itself says that it is not finished.
    }
  };
  return (
    <JsonInput
      label={field.title}
      description={helpOf(props)}
      error={fault}
      validationError="This is not complete JSON yet."
      value={draft}
      onChange={edit}
      autosize
      minRows={1}
    />
  );
}

/** One sentence of help, the bounds and the default, and when it does nothing. */
function helpOf({ field, awaits }: Props) {
  const bounds = field.kind === 'number' || field.kind === 'integer' ? boundsOf(field) : '';
  const facts = [
    bounds,
    field.initial === null || field.kind === 'matrix' ? '' : `default ${shown(field.initial)}`,
  ].filter((fact) => fact !== '');
  const told = facts.length === 0 ? field.help : `${field.help} (${facts.join('; ')})`;
  return awaits.length === 0 ? told : `${told} No effect now: choose ${awaits.join(' and ')}.`;
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (value === null || value === '') return 'nothing';
  return typeof value === 'string' ? value.replaceAll('_', ' ') : JSON.stringify(value);
}

/** A step of the arrows that fits the size of the number: 1 for counts, a tenth for rates. */
function stepOf(field: NumberField, value: unknown): number {
  if (field.kind === 'integer') return 1;
  const size = Math.abs(typeof value === 'number' && value !== 0 ? value : 1);
  return 10 ** (Math.floor(Math.log10(size)) - 1);
}

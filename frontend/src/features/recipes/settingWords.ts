import { sentence } from '@/components/format';
import { boundsOf, type ChoiceField, type Field } from '@/components/SettingsForm/fields';

/** What a setting is when nobody sets it. */
export function defaultOf(field: Field): string {
  return shown(field.initial);
}

/** Which values a setting may have, in words. */
export function mayBe(field: Field): string {
  const own = field.kind === 'choice' ? choiceWords(field) : sentence(ownWords(field));
  return field.optional ? `${own}, or empty` : own;
}

/** Codes as they are sent; one may itself hold commas. */
function choiceWords({ choices }: ChoiceField): string {
  return choices.map(String).join(' | ');
}

function ownWords(field: Exclude<Field, ChoiceField>): string {
  switch (field.kind) {
    case 'number':
      return boundsOf(field) || 'any number';
    case 'integer':
      return boundsOf(field) || 'any whole number';
    case 'switch':
      return 'on or off';
    case 'text':
      return 'text';
    case 'class':
      return 'a class of the dataset';
    case 'matrix':
      return 'as JSON, a number 0 to 1 for each two attributes';
    case 'json':
      return 'JSON';
  }
}

function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 20 });
  return typeof value === 'string' ? value : JSON.stringify(value);
}

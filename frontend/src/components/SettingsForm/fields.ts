/** A plug-in's settings, as the JSON Schema that pydantic writes, read into the fields of a form. */

export type Values = Record<string, unknown>;

type Shared = {
  name: string;
  title: string;
  help: string;
  initial: unknown;
  /** Shown first; the others are folded away. */
  simple: boolean;
  /** The setting may be empty (null). */
  optional: boolean;
  /** Other settings, each with the values at which, all together, this one has an effect. */
  onlyWith: Record<string, unknown[]>;
};

export type NumberField = Shared & {
  kind: 'number' | 'integer';
  minimum: number | null;
  maximum: number | null;
  /** The bound itself is not allowed. */
  openMinimum: boolean;
  openMaximum: boolean;
};
export type ChoiceField = Shared & { kind: 'choice'; choices: (string | number)[] };
export type SwitchField = Shared & { kind: 'switch' };
export type TextField = Shared & { kind: 'text' };
/** One of the dataset's classes, or "": what that means, the help says. */
export type ClassField = Shared & { kind: 'class' };
/** Numbers for each two of the dataset's attributes, or of its classes where it has none, as JSON text. */
export type MatrixField = Shared & { kind: 'matrix' };
/** Something this form has no control for: lists, objects; edited as JSON. */
export type JsonField = Shared & { kind: 'json' };
export type Field = NumberField | ChoiceField | SwitchField | TextField | ClassField | MatrixField | JsonField;

type Schema = Record<string, unknown>;

/** The fields in the order in which the settings class lists them. */
export function readFields(schema: unknown): Field[] {
  const root = asSchema(schema);
  const properties = asSchema(root.properties);
  return Object.entries(properties).map(([name, property]) => readField(name, asSchema(property), root));
}

/** What is shown: the person's values over the defaults. */
export function shownValue(field: Field, values: Values): unknown {
  return Object.hasOwn(values, field.name) ? values[field.name] : field.initial;
}

/** Whether the person has chosen something other than the default. */
export function isChanged(field: Field, values: Values): boolean {
  return JSON.stringify(shownValue(field, values)) !== JSON.stringify(field.initial);
}

/** Which other settings, so chosen, the field waits for to have an effect: "Edges edited"; none while it has one. */
export function awaited(field: Field, fields: Field[], values: Values): string[] {
  return Object.entries(field.onlyWith).flatMap(([name, allowed]) => {
    const other = fields.find((one) => one.name === name);
    if (other === undefined || allowed.includes(shownValue(other, values))) return [];
    return [`${other.title} ${allowed.map((value) => String(value).replaceAll('_', ' ')).join(' or ')}`];
  });
}

/** The values with one set; a value equal to the default is left out, so that defaults stay the server's. */
export function withValue(field: Field, values: Values, value: unknown): Values {
  const rest = Object.fromEntries(Object.entries(values).filter(([name]) => name !== field.name));
  return JSON.stringify(value) === JSON.stringify(field.initial) ? rest : { ...rest, [field.name]: value };
}

/** The bounds of a number in words, or "" without any. */
export function boundsOf(field: NumberField): string {
  const low = field.minimum === null ? '' : `${field.openMinimum ? 'above ' : ''}${shownNumber(field.minimum)}`;
  const high = field.maximum === null ? '' : `${field.openMaximum ? 'below ' : ''}${shownNumber(field.maximum)}`;
  if (low !== '' && high !== '') return `${low} to ${high}`;
  if (low !== '') return field.openMinimum ? low : `at least ${low}`;
  return high === '' || field.openMaximum ? high : `at most ${high}`;
}

function shownNumber(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 20 });
}

/** What is wrong with a value before it is sent, or null; the server has the last word. */
export function faultOf(field: Field, value: unknown): string | null {
  if (field.kind !== 'number' && field.kind !== 'integer') return null;
  if (value === null) return field.optional ? null : 'Give a number.';
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'Give a number.';
  if (field.kind === 'integer' && !Number.isInteger(value)) return 'Give a whole number.';
  const low = field.minimum !== null && (value < field.minimum || (field.openMinimum && value === field.minimum));
  const high = field.maximum !== null && (value > field.maximum || (field.openMaximum && value === field.maximum));
  return low || high ? `Give a number ${boundsOf(field)}.` : null;
}

function readField(name: string, property: Schema, root: Schema): Field {
  const { inner, optional } = unwrap(resolve(property, root), root);
  const shared: Shared = {
    name,
    title: titleOf(name, property),
    help: text(property.description) || text(inner.description),
    initial: property.default ?? null,
    simple: property['x-simple'] === true,
    optional,
    onlyWith: asSchema(property['x-only-with']) as Record<string, unknown[]>,
  };
  const choices = choicesOf(inner);
  if (choices !== null) return { ...shared, kind: 'choice', choices };
  if (inner.type === 'boolean') return { ...shared, kind: 'switch' };
  if (inner.type === 'number' || inner.type === 'integer') return numberField(shared, inner.type, inner);
  if (inner.type === 'string' && property['x-choice'] === 'classes') return { ...shared, kind: 'class' };
  if (inner.type === 'string' && property['x-choice'] === 'attribute_matrix') return { ...shared, kind: 'matrix' };
  if (inner.type === 'string') return { ...shared, kind: 'text' };
  return { ...shared, kind: 'json' };
}

function numberField(shared: Shared, kind: 'number' | 'integer', schema: Schema): NumberField {
  return {
    ...shared,
    kind,
    minimum: number(schema.minimum) ?? number(schema.exclusiveMinimum),
    maximum: number(schema.maximum) ?? number(schema.exclusiveMaximum),
    openMinimum: number(schema.exclusiveMinimum) !== null,
    openMaximum: number(schema.exclusiveMaximum) !== null,
  };
}

/** `anyOf: [X, null]` is X that may be empty. */
function unwrap(property: Schema, root: Schema): { inner: Schema; optional: boolean } {
  if (!Array.isArray(property.anyOf)) return { inner: property, optional: false };
  const parts = property.anyOf.map((part) => resolve(asSchema(part), root));
  const real = parts.filter((part) => part.type !== 'null');
  return { inner: real.length === 1 ? { ...property, ...real[0] } : {}, optional: real.length < parts.length };
}

function resolve(schema: Schema, root: Schema): Schema {
  const reference = text(schema.$ref) || text(asSchema(Array.isArray(schema.allOf) ? schema.allOf[0] : {}).$ref);
  if (!reference.startsWith('#/$defs/')) return schema;
  return { ...asSchema(asSchema(root.$defs)[reference.slice('#/$defs/'.length)]), ...schema };
}

function choicesOf(schema: Schema): (string | number)[] | null {
  const listed = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : null;
  if (listed === null) return null;
  return listed.filter((choice): choice is string | number => typeof choice === 'string' || typeof choice === 'number');
}

/** pydantic's title capitalises every word; ours is a sentence, and keeps names in capitals as the code has them. */
function titleOf(name: string, property: Schema): string {
  const given = text(property.title);
  const automatic = given === '' || given.toLowerCase().replaceAll(' ', '_') === name.toLowerCase();
  if (!automatic) return given;
  const plain = name.replaceAll('_', ' ');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

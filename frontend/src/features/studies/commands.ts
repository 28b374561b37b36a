import type { Schemas } from '@/api/client';
import { shellQuoted } from '@/components/shellQuoted';

export const WAYS = ['Command line', 'Python', 'curl'] as const;
export type Way = (typeof WAYS)[number];
type Asked = Pick<
  Schemas['Study'],
  'version' | 'question' | 'model' | 'model_settings' | 'pools' | 'arms' | 'settings'
>;

/** The same study asked for without the browser; the token is in ATELIER_TOKEN. `url`: of the service. */
export function commandFor(way: Way, study: Asked, url: string): string {
  const { version, question, model, model_settings, pools, arms, settings } = study;
  const ofArts = { question, model_settings };
  const made = question === 'attributes' ? ofArts : pools.length > 0 ? { pools } : { model, model_settings };
  if (way === 'curl') {
    const body = shellQuoted(JSON.stringify({ version, ...made, arms, settings }));
    return `curl --fail --header "Authorization: Token $ATELIER_TOKEN" --json ${body} ${url}/api/v1/studies/`;
  }
  if (way === 'Python')
    return [
      'from atelier import Client',
      '',
      `client = Client(${JSON.stringify(url)})  # the token is read from ATELIER_TOKEN`,
      `study = client.studies.start(${JSON.stringify(version)}, ${python(arms)},`,
      ...Object.entries(made).map(([name, value]) => `    ${name}=${python(value)},`),
      `    settings=${python(settings)}).wait()`,
      'print(study.data["sentence"])',
    ].join('\n');
  const from = question === 'attributes' ? '--question attributes' : `--model ${model}`;
  const options = [
    ...('pools' in made ? [`--pools ${pools.join(' ')}`] : [from, ...pairs('--set', model_settings)]),
    ...pairs('--study-set', settings),
    `--arms ${arms.map(shellQuoted).join(' ')}`,
  ];
  return [`ATELIER_URL=${url} atelier study start --version-id ${version} --wait`, ...options].join(' \\\n  ');
}

function pairs(option: string, values: Record<string, unknown>): string[] {
  const written = Object.entries(values).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${option} ${shellQuoted(`${name}=${text}`)}`;
  });
  return written.length === 0 ? [] : [written.join(' ')];
}

/** JSON as Python writes it. */
function python(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, part]) => `${JSON.stringify(name)}: ${python(part)}`)
    .join(', ')}}`;
}

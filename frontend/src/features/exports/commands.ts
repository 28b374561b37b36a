import type { Schemas } from '@/api/client';
import { shellQuoted } from '@/components/shellQuoted';

type Wish = Schemas['NewExportRequest'];
export type Way = 'curl' | 'Python' | 'Command line';

/** The same export asked for without the browser; the token is in ATELIER_TOKEN. `url`: of the service. */
export function commandFor(way: Way, wish: Wish, url: string): string {
  if (way === 'curl') return curlFor(wish, url);
  return way === 'Python' ? pythonFor(wish, url) : commandLineFor(wish, url);
}

/** What is asked for, without what the service takes anyway. */
function told({ selection, version, format, content, accepted_only, max_ratio, memorised_reason, name }: Wish) {
  return {
    ...(selection === undefined ? { version } : { selection }),
    format,
    ...(selection === undefined ? {} : { content }),
    ...(accepted_only ? { accepted_only } : {}),
    ...(typeof max_ratio === 'number' ? { max_ratio } : {}),
    ...(memorised_reason === '' ? {} : { memorised_reason }),
    ...(name === '' ? {} : { name }),
  };
}

function curlFor(wish: Wish, url: string): string {
  const header = '--header "Authorization: Token $ATELIER_TOKEN"';
  return [
    `curl --fail ${header} --json ${shellQuoted(JSON.stringify(told(wish)))} ${url}/api/v1/exports/`,
    '# its answer names the id; once its state is ready:',
    `curl --fail --location --remote-name --remote-header-name ${header} ${url}/api/v1/exports/ID/download/`,
  ].join('\n');
}

function pythonFor(wish: Wish, url: string): string {
  const values = Object.entries(told(wish)).map(([key, value]) => `${key}=${value === true ? 'True' : quoted(value)}`);
  return [
    'from atelier import Client',
    '',
    `client = Client(${quoted(url)})  # the token is read from ATELIER_TOKEN`,
    `export = client.exports.create(${values.join(', ')}).wait()`,
    'export.download(".")',
  ].join('\n');
}

function commandLineFor(wish: Wish, url: string): string {
  const options = Object.entries(told(wish)).map(([key, value]) => {
    const option = key === 'version' ? '--version-id' : `--${key.replaceAll('_', '-')}`;
    return value === true ? option : `${option} ${shellQuoted(String(value))}`;
  });
  return `ATELIER_URL=${url} atelier export create ${options.join(' ')} --out .`;
}

/** JSON's strings and numbers are Python's. */
function quoted(value: unknown): string {
  return JSON.stringify(value);
}

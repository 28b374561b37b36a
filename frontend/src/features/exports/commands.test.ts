import { expect, it } from 'vitest';
import { commandFor } from './commands';

const URL = 'https://atelier.lab';
const wish = {
  selection: 'a1',
  format: 'webdataset',
  content: 'both' as const,
  accepted_only: true,
  max_ratio: 2,
  memorised_reason: '',
  name: "Ada's",
};

it('asks for the same by the command line, quoted for a shell', () => {
  expect(commandFor('Command line', wish, URL)).toBe(
    "ATELIER_URL=https://atelier.lab atelier export create --selection a1 --format webdataset --content both --accepted-only --max-ratio 2 --name 'Ada'\\''s' --out .",
  );
});

it('asks for the same in Python', () => {
  expect(commandFor('Python', wish, URL)).toContain(
    'client.exports.create(selection="a1", format="webdataset", content="both", accepted_only=True, max_ratio=2, name="Ada\'s")',
  );
});

it('asks for the same by curl, as the service reads it', () => {
  const body = /--json '(.*)' https/.exec(commandFor('curl', { ...wish, name: '' }, URL))?.[1] ?? '';
  expect(JSON.parse(body)).toEqual({
    selection: 'a1',
    format: 'webdataset',
    content: 'both',
    accepted_only: true,
    max_ratio: 2,
  });
});

it('carries why near-copies may go out', () => {
  expect(commandFor('Command line', { ...wish, memorised_reason: 'They are not copies.', name: '' }, URL)).toContain(
    "--max-ratio 2 --memorised-reason 'They are not copies.' --out .",
  );
});

it('asks for a version without what only a selection has', () => {
  expect(
    commandFor(
      'Command line',
      { version: 'v1', format: 'image_folder', accepted_only: false, memorised_reason: '', name: '' },
      URL,
    ),
  ).toBe('ATELIER_URL=https://atelier.lab atelier export create --version-id v1 --format image_folder --out .');
});

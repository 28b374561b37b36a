import { expect, it } from 'vitest';
import { commandFor } from './commands';

const study = {
  version: 'v1',
  model: 'dcgan',
  model_settings: { num_steps: 200, augmentation: 'color, cutout', ema: null, amp: true },
  pools: [],
  arms: ['none', 'balanced+random:1x@0.25'],
  settings: { child: 'resnet' },
};

it('asks for the same by the command line, quoted for a shell', () => {
  expect(commandFor('Command line', study, 'https://lab')).toBe(
    [
      'ATELIER_URL=https://lab atelier study start --version-id v1 --wait',
      '--model dcgan',
      "--set num_steps=200 --set 'augmentation=color, cutout' --set ema=null --set amp=true",
      '--study-set child=resnet',
      '--arms none balanced+random:1x@0.25',
    ].join(' \\\n  '),
  );
});

it('asks for the same in Python, in its own words for nothing and yes', () => {
  expect(commandFor('Python', study, 'https://lab')).toContain(
    'model="dcgan",\n    model_settings={"num_steps": 200, "augmentation": "color, cutout", "ema": None, "amp": True},',
  );
});

it('names pools where they stand for generators', () => {
  expect(commandFor('Command line', { ...study, pools: ['p1', 'p2'] }, 'https://lab')).toContain(' --pools p1 p2 ');
});

it('asks for the same with curl', () => {
  expect(commandFor('curl', study, 'https://lab')).toContain(
    `--json '${JSON.stringify({ ...study, pools: undefined })}' https://lab/api/v1/studies/`,
  );
});

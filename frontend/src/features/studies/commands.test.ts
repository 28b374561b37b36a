import { expect, it } from 'vitest';
import { commandFor } from './commands';

const study = {
  version: 'v1',
  question: 'benefit' as const,
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
    `--json '${JSON.stringify({ ...study, question: undefined, pools: undefined })}' https://lab/api/v1/studies/`,
  );
});

it('asks for a comparison of ways to edit in the same words', () => {
  const arms = ['fader', 'stargan:condition_type=gcn,edited_edges=[[1, 0.5]]'];
  const asked = { ...study, question: 'attributes' as const, model: '', arms, settings: { num_seeds: 3 } };
  const line = commandFor('Command line', { ...asked, model_settings: { num_steps: 9 } }, 'https://lab');
  expect(line).toContain('--wait \\\n  --question attributes \\\n  --set num_steps=9 \\\n  --study-set num_seeds=3');
  expect(line).toContain("--arms fader 'stargan:condition_type=gcn,edited_edges=[[1, 0.5]]'");
  expect(commandFor('Python', asked, 'https://lab')).toContain('    question="attributes",\n    model_settings={');
  expect(commandFor('curl', asked, 'https://lab')).not.toContain('"model":');
});

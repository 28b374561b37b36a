import { describe, expect, it } from 'vitest';
import { modelObstacle, samplerObstacle, type ModelFacts } from './suitability';

const DCGAN: ModelFacts = {
  name: 'dcgan',
  consumes: ['image', 'label'],
  min_classes: 0,
  provides: { realism: null, class_confidence: 'class_head_weight' },
  schema: { properties: { class_head_weight: { default: 1 } } },
};

describe('suitability', () => {
  it('lets a sampler through whose scores the model always gives', () => {
    expect(samplerObstacle({ name: 'realism', needs: ['realism'] }, DCGAN, {})).toBeNull();
    expect(samplerObstacle({ name: 'random', needs: [] }, DCGAN, {})).toBeNull();
  });

  it('follows the setting that a score hangs on', () => {
    const sampler = { name: 'class_confidence', needs: ['class_confidence'] };
    expect(samplerObstacle(sampler, DCGAN, {})).toBeNull();
    expect(samplerObstacle(sampler, DCGAN, { class_head_weight: 0 })).toBe(
      'Ranks by class confidence; set class head weight above zero to have it.',
    );
  });

  it('names a score that the model does not give', () => {
    expect(samplerObstacle({ name: 'x', needs: ['pose_error'] }, DCGAN, {})).toBe(
      'Ranks by pose error, which dcgan does not give.',
    );
  });

  it('names what the dataset does not hold', () => {
    expect(modelObstacle(DCGAN, ['image'], 3)).toBe('Needs label, which this dataset does not hold.');
    expect(modelObstacle(DCGAN, ['image', 'label', 'pose'], 1)).toBeNull();
  });

  it('says how many classes a translation needs', () => {
    const translation = { ...DCGAN, min_classes: 2 };
    expect(modelObstacle(translation, ['image', 'label'], 1)).toBe('Needs 2 classes; this dataset has 1.');
    expect(modelObstacle(translation, ['image', 'label'], 2)).toBeNull();
  });
});

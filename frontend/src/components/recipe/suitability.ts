import type { Values } from '../SettingsForm/fields';

export type ModelFacts = {
  name: string;
  consumes: string[];
  min_classes: number;
  /** Score -> the setting that must be above zero for it, or null when the model always gives it. */
  provides: Record<string, string | null>;
  schema: unknown;
};
export type SamplerFacts = { name: string; needs: string[] };

/** Why a model cannot learn from a dataset of this kind with so many classes, or null when it can. */
export function modelObstacle(model: ModelFacts, yields: string[], numClasses: number): string | null {
  const missing = model.consumes.filter((part) => !yields.includes(part));
  if (missing.length > 0) return `Needs ${missing.join(' and ')}, which this dataset does not hold.`;
  return numClasses >= model.min_classes ? null : `Needs ${model.min_classes} classes; this dataset has ${numClasses}.`;
}

/** Why a sampler cannot rank what this model draws with these settings, or null when it can. */
export function samplerObstacle(sampler: SamplerFacts, model: ModelFacts, settings: Values): string | null {
  for (const score of sampler.needs) {
    const plain = score.replaceAll('_', ' ');
    if (!Object.hasOwn(model.provides, score)) return `Ranks by ${plain}, which ${model.name} does not give.`;
    const setting = model.provides[score] ?? null;
    if (setting !== null && isOff(settingValue(model.schema, settings, setting)))
      return `Ranks by ${plain}; set ${setting.replaceAll('_', ' ')} above zero to have it.`;
  }
  return null;
}

function settingValue(schema: unknown, settings: Values, name: string): unknown {
  if (Object.hasOwn(settings, name)) return settings[name];
  const properties = (schema as { properties?: Record<string, { default?: unknown }> } | null)?.properties;
  return properties?.[name]?.default;
}

function isOff(value: unknown): boolean {
  return value === 0 || value === false || value === null || value === undefined || value === '';
}

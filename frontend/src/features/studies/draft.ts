import type { Schemas } from '@/api/client';
import type { Values } from '@/components/SettingsForm/fields';

/** A study as it is being asked for; settings hold only what differs from the defaults. */
export type Draft = {
  name: string;
  question: Schemas['StudyQuestion'];
  model: string;
  model_settings: Values;
  /** Ids of pools that stand where generators would be trained; null: generators are trained. */
  pools: string[] | null;
  arms: string[];
  settings: Values;
};

type Begun = Pick<Schemas['Run'], 'model' | 'sampler' | 'origin' | 'pool'> & {
  recipe: Pick<Schemas['Run']['recipe'], 'model_settings'>;
};

/** What the form begins with: the first preset, with the model and the sampler of a run where one asks. */
export function firstDraft({ study, models }: Pick<Schemas['Catalogue'], 'study' | 'models'>, run?: Begun): Draft {
  const arms = study.presets[0]?.arms ?? ['none'];
  const imported = run !== undefined && run.origin !== null;
  // Imported images have no model that could be trained again: they are judged as they are.
  const pools = imported && run.pool !== null ? [run.pool] : null;
  const plain = { name: '', question: 'benefit' as const, arms, settings: {}, pools };
  if (run === undefined || imported)
    return {
      ...plain,
      model: (models.find((one) => one.name === 'dcgan') ?? models[0])?.name ?? '',
      model_settings: {},
    };
  return {
    ...plain,
    arms: withSampler(arms, run.sampler),
    model: run.model,
    model_settings: run.recipe.model_settings,
  };
}

type Past = Omit<Draft, 'pools'> & { pools: string[] };

/** The same as a past study, to be changed. */
export function draftLike({ name, question, model, model_settings, pools, arms, settings }: Past): Draft {
  return { name, question, model, model_settings, pools: pools.length > 0 ? pools : null, arms, settings };
}

/** The settings but for one. */
export function without(settings: Values, name: string): Values {
  return Object.fromEntries(Object.entries(settings).filter(([one]) => one !== name));
}

/** What a study of attributes begins with: as the target alone, as a difference, and by what occurs together. */
const FIRST_ARTS = ['stargan', 'stargan:condition_mode=diff', 'stargan:condition_type=gcn,condition_mode=diff'];

export function firstAttributeDraft({ arts }: Pick<Schemas['AttributeStudyParts'], 'arts'>): Draft {
  const arms = FIRST_ARTS.filter((line) => arts.some((art) => art.line === line));
  return { name: '', question: 'attributes', model: '', model_settings: {}, pools: null, arms, settings: {} };
}

/** The arms with one of this sampler, made like the last one. */
function withSampler(arms: string[], sampler: string): string[] {
  if (arms.some((arm) => arm.includes(`${sampler}:`))) return arms;
  const like = arms.findLast((arm) => arm.includes(':'));
  return like === undefined ? arms : [...arms, like.replace(/\w+:/, `${sampler}:`)];
}

/** The preset that these arms are, in any order, or null. */
export function presetOf(presets: Schemas['StudyPreset'][], arms: string[]): string | null {
  const sorted = (list: string[]) => [...list].sort().join(' ');
  return presets.find((preset) => sorted(preset.arms) === sorted(arms))?.name ?? null;
}

import { faultsOf } from '@/api/errors';

export type Problem = { code: string; message: string; field: string };

/**
 * The problems below one input, by the setting they are about: `model_settings.batch_size` under `model_settings` is
 * `batch_size`; one deep inside a setting stands at the setting.
 */
export function faultsUnder(problems: Problem[], input: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { field, message } of problems) {
    const path = field.replace(/^recipe\./, '');
    if (path === input) found[''] = message;
    else if (path.startsWith(`${input}.`)) found[path.split('.')[input.split('.').length] ?? ''] ??= message;
  }
  return found;
}

/** All that is said about an input as a whole, or about anything inside it. */
export function allFaultsUnder(problems: Problem[], input: string): string[] {
  const own = problems.filter(({ field }) => field === input || field.startsWith(`${input}.`));
  return [...new Set(own.map(({ message }) => message))];
}

/** A request that could not even be read names its inputs as problems do. */
export function refusedFields(error: unknown): Problem[] {
  return Object.entries(faultsOf(error)).map(([field, message]) => ({ code: 'invalid', field, message }));
}

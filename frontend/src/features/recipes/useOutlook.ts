import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { http, take } from '@/api/client';
import { refusedFields } from '@/components/SettingsForm/faults';
import type { Values } from '@/components/SettingsForm/fields';
import { unplaced, type Draft } from './draft';
import { asked, type Start } from './start';

const TYPING_PAUSE_MS = 400;
/** Longer: the server computes for some seconds before it can say how much memory a recipe takes. */
const ESTIMATE_PAUSE_MS = 1200;

/** The server's opinion of the draft, a moment after the last change. */
export function useCheck(version: string, draft: Draft, start: Start | null, compute: Values) {
  const [settled] = useDebouncedValue(draft, TYPING_PAUSE_MS);
  const [settledCompute] = useDebouncedValue(compute, TYPING_PAUSE_MS);
  // The name changes nothing of what the recipe does.
  const recipe = { ...settled, name: '' };
  const body = { version, recipe, compute: settledCompute, ...asked(start) };
  const { data, error } = useQuery({
    queryKey: ['validate', body],
    queryFn: ({ signal }) => take(http.POST('/api/v1/runs/validate/', { body, signal })),
    placeholderData: keepPreviousData,
  });
  const refused = refusedFields(error);
  return {
    /** Whether it has been checked at all. */
    isKnown: data !== undefined || refused.length > 0,
    problems: data?.problems ?? refused,
    estimate: data?.estimate ?? null,
    models: data?.models ?? {},
    /** What is about no input. */
    error: refused.length > 0 && unplaced(refused).length === 0 ? null : error,
  };
}

/** What a run takes of the machine's memory; asked only for a recipe that could start. */
export function useMemory(version: string, draft: Draft, enabled: boolean) {
  const [settled] = useDebouncedValue(draft, ESTIMATE_PAUSE_MS);
  return useQuery({ ...memoryOptions(version, settled), enabled: enabled && settled === draft });
}

export function memoryOptions(version: string, draft: Draft) {
  return {
    queryKey: ['memory', version, draft.model, draft.model_settings],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      take(http.POST('/api/v1/runs/memory/', { body: { version, recipe: { ...draft, name: '' } }, signal })),
    // A recipe that is being typed may be refused; the form says so at its field.
    retry: false,
    staleTime: 60_000,
  };
}

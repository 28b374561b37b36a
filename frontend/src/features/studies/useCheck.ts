import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { http, take } from '@/api/client';
import { refusedFields } from '@/components/SettingsForm/faults';
import type { Draft } from './draft';

/** The draft as the service reads it; of attributes there is no model for all. */
export function bodyOf(version: string, { question, model, model_settings, pools, arms, settings }: Draft) {
  return { version, question, model, model_settings, pools: pools ?? [], arms, settings };
}

const TYPING_PAUSE_MS = 400;

/** The server's opinion of the draft, a moment after the last change. */
export function useCheck(version: string, draft: Draft) {
  const [asked] = useDebouncedValue(draft, TYPING_PAUSE_MS);
  const body = bodyOf(version, asked);
  const { data, error } = useQuery({
    queryKey: ['validate study', body],
    queryFn: ({ signal }) => take(http.POST('/api/v1/studies/validate/', { body, signal })),
    placeholderData: keepPreviousData,
  });
  const refused = refusedFields(error);
  return {
    problems: data?.problems ?? refused,
    trainings: data ?? null,
    error: refused.length > 0 ? null : error,
  };
}

import { Button, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import type { Draft } from './draft';
import { memoryWords } from './outlookWords';
import { memoryOptions, type useMemory } from './useOutlook';

/** The memory that the chosen model takes with the settings of the form; the form asks for it by itself. */
export function ChosenMemory({ memory }: { memory: ReturnType<typeof useMemory> }) {
  if (memory.data !== undefined) return <Words told={memory.data} />;
  if (memory.isError) return memory.error.message;
  return memory.isFetching ? 'being estimated …' : 'estimated once nothing is wrong with the recipe.';
}

type Props = { version: string; draft: Draft; title: string };

/** The memory that another model takes with its defaults, when somebody asks: it costs the server some seconds. */
export function OtherMemory({ version, draft, title }: Props) {
  const [wished, setWished] = useState(false);
  const { data, error, isFetching } = useQuery({ ...memoryOptions(version, draft), enabled: wished });
  if (data !== undefined) return <Words told={data} />;
  if (error !== null) return error.message;
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={isFetching}
      aria-label={`Estimate the memory of ${title}`}
      onClick={() => setWished(true)}
    >
      Estimate
    </Button>
  );
}

function Words({ told }: { told: Schemas['Memory'] }) {
  return (
    <Text span inherit c={told.fits ? undefined : 'var(--mantine-color-error)'}>
      {memoryWords(told)}
    </Text>
  );
}

import { SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Columns } from '@/components/Page';
import { faultsUnder } from '@/components/SettingsForm/faults';
import type { Values } from '@/components/SettingsForm/fields';
import { Computing } from './Computing';
import { saysTheSame, type Draft } from './draft';
import { BudgetPanel, ModelPanel, SamplerPanel } from './FormPanels';
import { JsonEditor } from './JsonEditor';
import { Outcome } from './Outcome';
import { lineFaults, readRecipe, textFor, textOf } from './recipeText';
import type { Start } from './start';
import { StartPanel } from './StartPanel';
import { useCheck, useMemory } from './useOutlook';

type Props = {
  catalogue: Schemas['Catalogue'];
  version: Schemas['DatasetVersion'];
  /** The dataset's lab. */
  lab: string;
  kind: string;
  /** The checkpoint that the run starts from, or null. */
  start: Start | null;
  /** What the form shows at first. */
  first: Draft;
  /** The saved recipe that it begins with, or null. */
  saved: Schemas['Recipe'] | null;
  /** How the run is computed at first, as far as not by default. */
  firstCompute: Values;
};

const VIEWS = [
  { value: 'form', label: 'Form' },
  { value: 'json', label: 'JSON' },
] as const;

/** A recipe as a form or as JSON: the server says, as one types, what does not fit and how much will be drawn. */
export function RecipeForm({ catalogue, version, lab, kind, start, first, saved, firstCompute }: Props) {
  const [draft, setDraft] = useState(first);
  const [compute, setCompute] = useState<Values>(firstCompute);
  // The text of the other view, or null while the form is shown; what was typed there last is kept for the next time.
  const [text, setText] = useState<string | null>(null);
  const [typed, setTyped] = useState('');
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const check = useCheck(version.id, draft, start, compute);
  const memory = useMemory(version.id, draft, check.isKnown && check.problems.length === 0);
  const model = catalogue.models.find((one) => one.name === draft.model) ?? catalogue.models[0];
  const sampler = catalogue.samplers.find((one) => one.name === draft.sampler) ?? catalogue.samplers[0];
  if (model === undefined || sampler === undefined)
    return <Text>The catalogue is empty; look into the log of the service.</Text>;

  const read = text === null ? null : readRecipe(text);
  const write = (next: string) => {
    setText(next);
    setTyped(next);
    const { recipe } = readRecipe(next);
    if (recipe !== null) set(recipe);
  };
  const isUnreadable = read !== null && read.recipe === null;
  const shared = { catalogue, version, draft, set, check, start, model };
  return (
    <Columns
      main={
        <>
          {start !== null && <StartPanel start={start} version={version.id} />}
          <SegmentedControl
            aria-label="View of the recipe"
            style={{ alignSelf: 'flex-start' }}
            data={VIEWS.map((view) => ({ ...view, disabled: view.value === 'form' && isUnreadable }))}
            value={text === null ? 'form' : 'json'}
            onChange={(view) => setText(view === 'json' ? textFor(draft, typed) : null)}
          />
          {text !== null && read !== null ? (
            <JsonEditor
              text={text}
              onChange={write}
              faults={read.recipe === null ? read.faults : lineFaults(check.problems, read.lines)}
              isRecipe={read.recipe !== null}
              onDiscard={() => write(textOf(draft))}
            />
          ) : (
            <>
              <ModelPanel {...shared} kind={kind} memory={memory} />
              <SamplerPanel {...shared} sampler={sampler} />
              <BudgetPanel {...shared} />
            </>
          )}
          <Computing
            schema={catalogue.compute}
            values={compute}
            onChange={setCompute}
            faults={faultsUnder(check.problems, 'compute')}
          />
        </>
      }
      aside={
        <Outcome
          version={version}
          lab={lab}
          draft={draft}
          saved={saved !== null && saysTheSame(draft, saved) ? saved : null}
          start={start}
          compute={compute}
          check={check}
          memory={memory}
          isUnreadable={isUnreadable}
          onName={(name) => set({ name })}
        />
      }
    />
  );
}

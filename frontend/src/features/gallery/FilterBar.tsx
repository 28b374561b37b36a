import { Button, NumberInput, Select, Switch } from '@mantine/core';
import { memo, useState } from 'react';
import { count, sentence, words } from '@/components/format';
import { HALF } from './columns';
import { countChanged, DEFAULT_FILTERS, RATINGS, STANDINGS, type Filters } from './filters';
import { isByScore } from './samples';

type Props = {
  classNames: string[];
  /** Samples of each class. */
  classCounts: Record<string, number>;
  scoreNames: string[];
  numMemorised: number;
  numDisputed: number;
  filters: Filters;
  onChange: (filters: Filters) => void;
};

/**
 * What is shown and in which order; all of it stands in the address. It gets only what it shows of the pool, so that
 * neither a verdict nor a step through the samples draws it anew.
 */
export const FilterBar = memo(function FilterBar(props: Props) {
  const { classNames, classCounts, scoreNames, numMemorised, numDisputed, filters, onChange } = props;
  const set = (part: Partial<Filters>) => onChange({ ...filters, ...part });
  return (
    <>
      <Select
        aria-label="Class"
        placeholder="Every class"
        size="xs"
        w={{ base: HALF, sm: 170 }}
        clearable
        searchable
        data={classNames.map((name) => ({ value: name, label: `${name} (${count(classCounts[name] ?? 0)})` }))}
        value={filters.label}
        onChange={(label) => set({ label })}
      />
      <Select
        aria-label="Kept or dropped"
        size="xs"
        w={{ base: HALF, sm: 165 }}
        allowDeselect={false}
        data={[
          { value: 'true', label: 'Kept' },
          { value: 'false', label: 'Dropped' },
          { value: 'any', label: 'Kept and dropped' },
        ]}
        value={filters.kept === null ? 'any' : String(filters.kept)}
        onChange={(kept) => set({ kept: kept === 'any' ? null : kept === 'true' })}
      />
      <Select
        aria-label="Standing"
        placeholder="Every standing"
        size="xs"
        w={{ base: HALF, sm: 150 }}
        clearable
        data={STANDINGS.map((standing) => ({ value: standing, label: sentence(standing) }))}
        value={filters.standing}
        onChange={(standing) => set({ standing: standing })}
      />
      <Select
        aria-label="Rating"
        placeholder="Every rating"
        size="xs"
        w={{ base: HALF, sm: 150 }}
        clearable
        data={Object.entries(RATINGS).map(([value, { label }]) => ({ value, label }))}
        value={filters.rating}
        onChange={(rating) => set({ rating: rating as Filters['rating'] })}
      />
      <Select
        aria-label="Sort by"
        size="xs"
        w={{ base: HALF, sm: 230 }}
        allowDeselect={false}
        data={[
          { value: 'index', label: 'As drawn' },
          { value: '-rating', label: 'Rating, highest first' },
          { value: 'rating', label: 'Rating, lowest first' },
          ...scoreNames.flatMap((name) => [
            { value: `-score:${name}`, label: `${sentence(words(name))}, highest first` },
            { value: `score:${name}`, label: `${sentence(words(name))}, lowest first` },
          ]),
        ]}
        value={filters.sort}
        onChange={(sort) => set({ sort: sort ?? 'index', low: null, high: null })}
      />
      {isByScore(filters.sort) && (
        <>
          <Bound label="Score at least" placeholder="at least" value={filters.low} onChange={(low) => set({ low })} />
          <Bound label="Score at most" placeholder="at most" value={filters.high} onChange={(high) => set({ high })} />
        </>
      )}
      <Bound
        label="Begin so far down the list, in per cent of the pool"
        placeholder="from 0 %"
        unit=" %"
        value={filters.at}
        onChange={(at) => set({ at: at === null || at <= 0 ? null : Math.min(at, 100) })}
      />
      <Switch
        size="xs"
        label={`Only memorised (${count(numMemorised)})`}
        checked={filters.memorised === true}
        onChange={(event) => set({ memorised: event.currentTarget.checked ? true : null })}
      />
      <Switch
        size="xs"
        label={`Only disputed (${count(numDisputed)})`}
        checked={filters.disputed === true}
        onChange={(event) => set({ disputed: event.currentTarget.checked ? true : null })}
      />
      <Switch
        size="xs"
        label="Only starred"
        checked={filters.starred === true}
        onChange={(event) => set({ starred: event.currentTarget.checked ? true : null })}
      />
      {countChanged(filters) > 0 && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => onChange({ ...DEFAULT_FILTERS, selection: filters.selection, sort: filters.sort })}
        >
          Clear the filters
        </Button>
      )}
    </>
  );
});

type BoundProps = {
  label: string;
  placeholder: string;
  unit?: string;
  value: number | null;
  onChange: (value: number | null) => void;
};

/** A number that takes effect with Enter or when it is left, not with each digit. */
function Bound({ label, placeholder, unit = '', value, onChange }: BoundProps) {
  const [typed, setTyped] = useState<number | string>(value ?? '');
  const [before, setBefore] = useState(value);
  if (value !== before) {
    setBefore(value);
    setTyped(value ?? '');
  }
  const take = () => {
    const wanted = typed === '' ? null : Number(typed);
    if (wanted !== value) onChange(wanted);
  };
  return (
    <NumberInput
      aria-label={label}
      title={label}
      placeholder={placeholder}
      suffix={unit}
      size="xs"
      w={90}
      hideControls
      value={typed}
      onChange={setTyped}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
      }}
    />
  );
}

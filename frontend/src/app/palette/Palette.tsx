import { Kbd, Modal, TextInput } from '@mantine/core';
import {
  IconArrowRight,
  IconBolt,
  IconBook2,
  IconChevronDown,
  IconNotes,
  IconPhoto,
  IconPlayerPlay,
  IconScale,
  IconSearch,
  type Icon,
} from '@tabler/icons-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useNavigate } from 'react-router';
import { sentenceOf } from '@/api/errors';
import { useLab } from '@/api/lab';
import { plural } from '@/components/format';
import { matching, type Entry } from './entries';
import classes from './Palette.module.css';
import { useEntries } from './useEntries';
import { useThings } from './useThings';

type Group = { heading: string; entries: (Entry & { Sign: Icon })[] };

const SIGNS = { dataset: IconPhoto, recipe: IconNotes, run: IconPlayerPlay, study: IconScale };

/** One field that finds every page, act and thing of the lab; arrows choose, Enter opens. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={640} yOffset="10vh" centered={false}>
      <Modal.Overlay />
      <Modal.Content aria-label="Search and acts" p={0}>
        <Field onClose={onClose} />
      </Modal.Content>
    </Modal.Root>
  );
}

function Field({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const { lab } = useLab();
  const [query, setQuery] = useState('');
  const [place, setPlace] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const found = useThings(lab?.id ?? '', query);
  const groups = useGroups(query, found);
  const entries = groups.flatMap((group) => group.entries);
  const chosen = entries[Math.min(place, entries.length - 1)];
  const optionId = (entry: Entry) => `${listId}-${entry.id}`;
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen?.id]);
  const take = (entry: Entry) => {
    if (entry.act?.() === 'stay') return;
    onClose();
    if (entry.to !== undefined) void navigate(entry.to);
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = STEPS[event.key];
    if (step !== undefined && entries.length > 0) {
      event.preventDefault();
      const from = Math.min(place, entries.length - 1);
      setPlace((from + step + entries.length) % entries.length);
    }
    if (event.key === 'Enter' && chosen !== undefined) {
      event.preventDefault();
      take(chosen);
    }
  };
  return (
    <>
      <TextInput
        size="lg"
        variant="unstyled"
        role="combobox"
        aria-label="Search pages, acts and the lab's things"
        aria-expanded
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={chosen === undefined ? undefined : optionId(chosen)}
        placeholder="Search the lab and its pages"
        leftSection={<IconSearch size={18} aria-hidden />}
        rightSection={<Kbd size="xs">Esc</Kbd>}
        rightSectionWidth={56}
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        data-autofocus
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setPlace(0);
        }}
        onKeyDown={press}
      />
      <div id={listId} role="listbox" aria-label="Found" className={classes.list} ref={list}>
        {groups.map((group) => (
          <div key={group.heading} role="group" aria-label={group.heading}>
            <div className={classes.heading} aria-hidden>
              {group.heading}
            </div>
            {group.entries.map((entry) => (
              <Option
                key={entry.id}
                id={optionId(entry)}
                entry={entry}
                isChosen={entry.id === chosen?.id}
                onTake={() => take(entry)}
              />
            ))}
          </div>
        ))}
      </div>
      <div className={classes.said} role="status">
        {found.error === null ? saidOf(entries.length, found.isWaiting) : sentenceOf(found.error)}
      </div>
    </>
  );
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

function saidOf(number: number, isWaiting: boolean): string {
  if (isWaiting) return 'Searching …';
  return number === 0
    ? 'Nothing in this lab is called so.'
    : `${plural(number, 'entry', 'entries')}; ↑ ↓ choose, Enter opens.`;
}

type OptionProps = { id: string; entry: Group['entries'][number]; isChosen: boolean; onTake: () => void };

function Option({ id, entry: { label, note, Sign }, isChosen, onTake }: OptionProps) {
  return (
    <div
      id={id}
      role="option"
      aria-selected={isChosen}
      className={classes.option}
      // The field keeps the keyboard.
      onMouseDown={(event) => event.preventDefault()}
      onClick={onTake}
    >
      <Sign size={16} stroke={1.6} aria-hidden />
      <span className={classes.words}>
        <span>{label}</span>
        {note !== undefined && <span className={classes.note}>{note}</span>}
      </span>
    </div>
  );
}

/** Pages and acts stand before things, which come later, so that nothing moves under the finger. */
function useGroups(query: string, found: ReturnType<typeof useThings>): Group[] {
  const { pages, acts, help } = useEntries();
  const isAsked = query.trim() !== '';
  const signed = (entries: Entry[], Sign: Icon) => entries.map((entry) => ({ ...entry, Sign }));
  const things = found.things.map((thing) => ({ ...thing, Sign: SIGNS[thing.noun] }));
  const more = { id: 'more', label: 'Show more', Sign: IconChevronDown, act: () => (found.more(), 'stay') };
  const groups = [
    { heading: 'Pages', entries: signed(matching(pages, query), IconArrowRight) },
    // Without a word they would only make the list long.
    { heading: 'Acts', entries: isAsked ? signed(matching(acts, query), IconBolt) : [] },
    { heading: 'Help', entries: isAsked ? signed(matching(help, query), IconBook2) : [] },
    {
      heading: isAsked ? 'In this lab' : 'Newest in this lab',
      entries: found.hasMore ? [...things, more] : things,
    },
  ];
  return groups.filter((group) => group.entries.length > 0);
}

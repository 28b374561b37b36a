import { Button, Group, Kbd, Switch, Text } from '@mantine/core';
import type { Ref } from 'react';
import type { Schemas } from '@/api/client';
import { count, plural, sentence } from '@/components/format';
import { ClassCounts } from './ClassCounts';
import { RatingChoice, StarButton } from './RatingChoice';
import type { Review } from './review';
import classes from './Gallery.module.css';

type Props = {
  ref: Ref<HTMLDivElement>;
  pool: Schemas['Pool'];
  selection: Schemas['Selection'] | undefined;
  review: Review;
  canJudge: boolean;
  /** Whether more samples match than are loaded, and how many in all where that is known. */
  hasMore: boolean;
  total: number | null;
  onLabel: (label: string) => void;
};

/** The verbs of reviewing, each with its key; they act on what is marked, else on the sample pointed at. */
export function ActBar({ ref, pool, selection, review, canJudge, hasMore, total, onLabel }: Props) {
  const { marks, marksAll, current, judge } = review;
  const matching = total === null ? 'everything that matches' : `all ${count(total)} that match`;
  const target = marksAll ? matching : marks.size > 0 ? plural(marks.size, 'marked sample') : 'this sample';
  const idle = !canJudge || (marks.size === 0 && current === undefined);
  return (
    <div className={classes.acts} ref={ref}>
      <Group gap="xs">
        <Verb
          label="Accept"
          sign={review.sign('accept')}
          idle={idle}
          title={`Accept ${target}`}
          onPress={() => judge({ value: 'accept' })}
        />
        <Verb
          label="Reject"
          sign={review.sign('reject')}
          idle={idle}
          title={`Reject ${target}`}
          onPress={() => judge({ value: 'reject' })}
        />
        <Verb
          label="Clear"
          sign={review.sign('clear')}
          idle={idle}
          title={`Clear your verdict on ${target}`}
          onPress={() => judge({ value: null })}
        />
        <RatingChoice
          value={marks.size > 0 ? null : (current?.rating ?? 0)}
          target={target}
          idle={idle}
          onChoose={(rating) => judge({ rating })}
        />
        <StarButton
          isOn={marks.size === 0 && current?.starred === true}
          sign={review.sign('star')}
          target={target}
          idle={idle}
          onPress={review.star}
        />
        <Verb
          label="Undo"
          sign={review.sign('undo')}
          idle={!canJudge}
          title="Undo your last verdict, rating or star"
          onPress={review.undo}
        />
        <Switch
          size="xs"
          label="Go on to the next"
          checked={review.advances}
          onChange={(event) => review.setAdvances(event.currentTarget.checked)}
        />
        {marks.size > 0 && (
          <Group gap={6}>
            <Text size="sm" fw={600} role="status">
              {marksAll ? sentence(matching) : plural(marks.size, 'sample')} marked
            </Text>
            {hasMore && !marksAll && (
              <Button size="compact-xs" variant="default" onClick={review.markEverything}>
                Mark {matching}
              </Button>
            )}
            <Button size="compact-xs" variant="default" onClick={review.clearMarks}>
              Clear the marks
            </Button>
          </Group>
        )}
      </Group>
      <ClassCounts pool={pool} selection={selection} onLabel={onLabel} />
    </div>
  );
}

type VerbProps = { label: string; sign: string; idle: boolean; title: string; onPress: () => void };

function Verb({ label, sign, idle, title, onPress }: VerbProps) {
  return (
    <Button
      size="xs"
      variant="default"
      disabled={idle}
      title={title}
      onClick={onPress}
      rightSection={
        <Kbd size="xs" className={classes.key}>
          {sign}
        </Kbd>
      }
      classNames={{ root: classes.verb ?? '' }}
    >
      {label}
    </Button>
  );
}

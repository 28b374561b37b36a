import { Anchor, Radio, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '@/api/client';
import classes from './Choices.module.css';

type Card = Schemas['Card'];

export type Option = {
  name: string;
  card: Card;
  /** Why it cannot be taken, or null. */
  obstacle: string | null;
  /** What it would mean here: label -> a few words. */
  facts?: [string, ReactNode][];
};

type Props = {
  label: string;
  options: Option[];
  value: string;
  onChange: (name: string) => void;
  fault?: string | undefined;
  /** Only title and summary, where people know the things already. */
  brief?: boolean;
  /** The address of a thing's help page, where there is one. */
  helpOf?: (name: string) => string;
};

/** Cards to choose one from; those that do not fit stand there with the reason. */
export function Choices({ label, options, value, onChange, fault, brief = false, helpOf }: Props) {
  return (
    <Radio.Group value={value} onChange={onChange} aria-label={label} error={fault}>
      <div className={classes.grid}>
        {options.map((option) => (
          <ChoiceCard key={option.name} option={option} brief={brief} help={helpOf?.(option.name)} />
        ))}
      </div>
    </Radio.Group>
  );
}

type CardProps = { option: Option; brief: boolean; help: string | undefined };

function ChoiceCard({ option: { name, card, obstacle, facts = [] }, brief, help }: CardProps) {
  return (
    <div className={classes.card} data-disabled={obstacle !== null}>
      <Radio
        value={name}
        disabled={obstacle !== null}
        label={<span className={classes.title}>{card.title}</span>}
        description={card.summary}
      />
      {obstacle !== null && (
        <Text size="xs" c="var(--warn)" className={classes.notes}>
          {obstacle}
        </Text>
      )}
      {facts.length > 0 && (
        <dl className={`${classes.notes ?? ''} ${classes.facts ?? ''}`}>
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {!brief && <Notes card={card} />}
      {help !== undefined && (
        <Text size="xs" className={classes.notes}>
          <Anchor component={Link} to={help} target="_blank" inherit underline="always">
            Help page of {card.title}
          </Anchor>
        </Text>
      )}
    </div>
  );
}

function Notes({ card }: { card: Card }) {
  return (
    <div className={classes.notes}>
      {card.strengths !== '' && (
        <Text size="xs">
          <b>Good at:</b> {card.strengths}
        </Text>
      )}
      {card.limits !== '' && (
        <Text size="xs">
          <b>Mind:</b> {card.limits}
        </Text>
      )}
      <Paper card={card} />
    </div>
  );
}

function Paper({ card }: { card: Card }) {
  if (card.paper === '') return null;
  const line = [card.authors, card.venue].filter((part) => part !== '').join(', ');
  return (
    <Text size="xs" c="dimmed" mt={4}>
      {card.url === '' ? (
        card.paper
      ) : (
        <Anchor href={card.url} target="_blank" rel="noreferrer" inherit underline="always">
          {card.paper}
        </Anchor>
      )}
      {line !== '' && `. ${line}`}
    </Text>
  );
}

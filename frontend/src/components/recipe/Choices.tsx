import { Anchor, Radio, Text, VisuallyHidden } from '@mantine/core';
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
  /** What it would mean here, in a few words. */
  outlook?: string;
  /** The same with reasons, and more: label -> words. */
  facts?: [string, ReactNode][];
};

type Props = {
  label: string;
  options: Option[];
  value: string;
  onChange: (name: string) => void;
  fault?: string | undefined;
  /** The address of a thing's help page, where there is one. */
  helpOf?: (name: string) => string;
};

/**
 * Cards to choose one from; those that do not fit stand there with the reason. All else that is known of the chosen one
 * stands below them, of another one folded in its card, so that the cards keep their places.
 */
export function Choices({ label, options, value, onChange, fault, helpOf }: Props) {
  const chosen = options.find(({ name }) => name === value);
  const detailsOf = (option: Option) => <Details option={option} help={helpOf?.(option.name)} />;
  return (
    <div>
      <Radio.Group value={value} onChange={onChange} aria-label={label} error={fault}>
        <div className={classes.grid}>
          {options.map((option) => (
            <ChoiceCard key={option.name} option={option} details={option === chosen ? undefined : detailsOf(option)} />
          ))}
        </div>
      </Radio.Group>
      {chosen !== undefined && (
        <section className={classes.chosen} aria-label={`About ${chosen.card.title}`}>
          {detailsOf(chosen)}
        </section>
      )}
    </div>
  );
}

function ChoiceCard({ option, details }: { option: Option; details: ReactNode }) {
  const { name, card, obstacle, outlook = '' } = option;
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
      <div className={classes.foot}>
        {obstacle === null && outlook !== '' && <span className="numbers">{outlook}</span>}
        {details !== undefined && (
          <details>
            <summary>
              Details<VisuallyHidden> of {card.title}</VisuallyHidden>
            </summary>
            {details}
          </details>
        )}
      </div>
    </div>
  );
}

/** What a choice means here, what speaks for and against it, and where it comes from. */
function Details({ option: { card, facts = [] }, help }: { option: Option; help: string | undefined }) {
  return (
    <>
      {facts.length > 0 && (
        <dl className={classes.facts}>
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
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
      {card.labels !== '' && (
        <Text size="xs">
          <b>Labels:</b> {card.labels}
        </Text>
      )}
      <Paper card={card} />
      {help !== undefined && (
        <Text size="xs">
          <Anchor component={Link} to={help} target="_blank" inherit underline="always">
            Help page of {card.title}
          </Anchor>
        </Text>
      )}
    </>
  );
}

function Paper({ card }: { card: Card }) {
  if (card.paper === '') return null;
  const line = [card.authors, card.venue].filter((part) => part !== '').join(', ');
  return (
    <Text size="xs" c="dimmed">
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

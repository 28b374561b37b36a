import { Button, Group, Kbd, Progress, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { address } from '@/api/address';
import type { Schemas } from '@/api/client';
import { Fault } from '@/components/Fault';
import { Panel } from '@/components/Page';
import { useKeys } from '@/components/useKeys';
import { nextPlace, useAnswers, type Answer } from './blind';
import classes from './Gallery.module.css';

const SIDE = 384;

type Props = { test: Schemas['BlindTest']; onFinished: () => void; onGiveUp: () => void };

/** One image after the other; nothing is told before the last answer. */
export function BlindTrials({ test, onFinished, onGiveUp }: Props) {
  const [place, setPlace] = useState(nextPlace(test));
  const answers = useAnswers(test, onFinished);
  const isLast = place + 1 === test.num_images;
  const answer = (answer: Answer) => {
    answers.mutate({ place, answer });
    if (!isLast) setPlace(place + 1);
  };
  const back = () => setPlace(Math.max(0, place - 1));
  useKeys([
    { keys: ['r'], label: 'Real', act: () => answer('real') },
    { keys: ['s'], label: 'Synthetic', act: () => answer('synthetic') },
    { keys: ['Backspace', 'ArrowLeft'], label: 'The image before', act: back },
  ]);
  // Fetched ahead, so that it is there when it is its turn.
  useEffect(() => {
    if (!isLast) new Image().src = pictureOf(test.id, place + 1);
  }, [test.id, place, isLast]);
  return (
    <Panel title={`Image ${place + 1} of ${test.num_images}`}>
      <Progress value={(100 * place) / test.num_images} mb="md" aria-label="Images answered" />
      <Fault error={answers.error} />
      <div className={classes.stage}>
        <img
          key={place}
          className={classes.image}
          src={pictureOf(test.id, place)}
          alt={`Image ${place + 1}, real or synthetic`}
          width={SIDE}
          height={SIDE}
          draggable={false}
        />
      </div>
      <Group justify="center" mt="md">
        <Button
          size="md"
          variant="default"
          rightSection={<Kbd size="sm">R</Kbd>}
          disabled={answers.isPending && isLast}
          onClick={() => answer('real')}
        >
          Real
        </Button>
        <Button
          size="md"
          variant="default"
          rightSection={<Kbd size="sm">S</Kbd>}
          disabled={answers.isPending && isLast}
          onClick={() => answer('synthetic')}
        >
          Synthetic
        </Button>
      </Group>
      <Group justify="space-between" mt="md">
        <Button size="compact-sm" variant="default" disabled={place === 0} onClick={back}>
          The image before
        </Button>
        <Text size="sm" c="dimmed">
          What each was is told at the end. A reload goes on here.
        </Text>
        <Button size="compact-sm" variant="default" onClick={onGiveUp}>
          Give up
        </Button>
      </Group>
    </Panel>
  );
}

/** The same address for real and synthetic. */
export function pictureOf(id: string, place: number): string {
  return address('/api/v1/blind-tests/{id}/images/{place}/', { id, place });
}

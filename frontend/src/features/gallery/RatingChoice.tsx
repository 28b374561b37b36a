import { ActionIcon, SegmentedControl } from '@mantine/core';
import { IconStar, IconStarFilled } from '@tabler/icons-react';

type RatingProps = {
  /** 1 to 5, 0 for none; null where several samples are meant. */
  value: number | null;
  /** What is rated, in words. */
  target: string;
  idle: boolean;
  onChoose: (rating: number) => void;
};

const CHOICES = [
  { value: '0', label: '–' },
  ...['1', '2', '3', '4', '5'].map((rating) => ({ value: rating, label: rating })),
];

/** A rating from 1 to 5; the dash clears it. */
export function RatingChoice({ value, target, idle, onChoose }: RatingProps) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Your rating"
      title={`Rate ${target}: keys 1 to 5, and 0 for none`}
      data={CHOICES}
      value={value === null ? '' : String(value)}
      disabled={idle}
      onChange={(rating) => onChoose(Number(rating))}
    />
  );
}

type StarProps = { isOn: boolean; sign: string; target: string; idle: boolean; onPress: () => void };

/** A star for oneself, to find a sample again. */
export function StarButton({ isOn, sign, target, idle, onPress }: StarProps) {
  const words = isOn ? `Take your star away from ${target}` : `Star ${target} for yourself`;
  return (
    <ActionIcon
      variant="default"
      size={30}
      aria-label="Star"
      aria-pressed={isOn}
      title={`${words} (key ${sign})`}
      disabled={idle}
      onClick={onPress}
    >
      {isOn ? <IconStarFilled size={16} /> : <IconStar size={16} />}
    </ActionIcon>
  );
}

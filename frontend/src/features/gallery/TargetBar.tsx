import { Anchor, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { countdownWords, standOf, useTarget } from './target';
import { TargetDialog } from './TargetDialog';
import classes from './Gallery.module.css';

type Props = {
  run: string;
  pool: Schemas['Pool'];
  /** Show what is undecided of one class. */
  onUndecided: (label: string) => void;
};

/** How many more accepted samples are needed of each class, and what is done about it. */
export function TargetBar({ run, pool, onUndecided }: Props) {
  const { may } = useLab();
  const { target, begin, end } = useTarget(pool.id);
  const [opened, dialog] = useDisclosure();
  const isActive = target?.state === 'active';
  const others = target === null ? [] : target.runs.filter((other) => other !== run);
  return (
    <section aria-label="Accept until target" className={classes.target}>
      {target !== null && (
        <>
          <Group gap="xs" role="status">
            <Text size="sm" fw={600}>
              Still to accept
            </Text>
            {countdownWords(target).map(({ name, words }) => (
              <Button key={name} size="compact-xs" variant="default" onClick={() => onUndecided(name)}>
                {name}: {words}
              </Button>
            ))}
          </Group>
          <Text size="sm">
            {standOf(target)}{' '}
            {target.drawing !== null && (
              <Anchor component={Link} to={`/runs/${target.drawing}`} inherit>
                The run
              </Anchor>
            )}
            {others.map((other, place) => (
              <span key={other}>
                {place > 0 && ', '}
                <Anchor component={Link} to={`/runs/${other}/gallery?kept=any&standing=undecided`} inherit>
                  {place === 0 ? 'Other samples for it' : `more ${place}`}
                </Anchor>
              </span>
            ))}
          </Text>
        </>
      )}
      {may('researcher') && (
        <Button
          size="compact-sm"
          variant="default"
          loading={end.isPending}
          onClick={() => (isActive ? end.mutate() : dialog.open())}
        >
          {isActive ? 'End the target' : 'Accept until…'}
        </Button>
      )}
      <TargetDialog
        pool={pool}
        opened={opened}
        isPending={begin.isPending}
        onClose={dialog.close}
        onBegin={(body) => begin.mutate(body, { onSuccess: dialog.close })}
      />
    </section>
  );
}

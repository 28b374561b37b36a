import { Button, List, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useWatch } from '@/api/live';
import { sessionOptions } from '@/api/session';
import { LinkLabel } from '@/components/LinkLabel';
import { Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { StateLabel, type Tone } from '@/components/StateLabel';
import { useQuery } from '@tanstack/react-query';
import { checkLink, STEPS, type Finding, type StepName } from './linkCheck';
import { meansOfThisPage } from './linkMeans';
import classes from './LinkCheckPage.module.css';

type Findings = Partial<Record<StepName, Finding>>;

/** “Live progress does not move”: the way of the news to this page, tried step by step, and what to do where it ends. */
export function LinkCheckPage() {
  const { findings, isOver, check } = useCheck();
  // The page's own link, as every page has it that watches something.
  const { data: session } = useQuery(sessionOptions);
  const person = session?.person?.id;
  useWatch(person === undefined ? null : { channel: 'person', id: person }, {
    onMessage: () => undefined,
    onPoll: () => undefined,
  });
  return (
    <Page>
      <PageHead
        title="Live progress does not move"
        crumbs={[{ label: 'Home', to: '/' }]}
        summary={<LinkLabel isExplained={false} />}
        actions={
          <Button onClick={check} loading={!isOver}>
            Check again
          </Button>
        }
      />
      <Stack gap="md">
        <Panel title="The way of the news to this page">
          <ol className={classes.steps} aria-label="Steps of the check">
            {STEPS.map(({ name, title }) => (
              <StepRow key={name} title={title} finding={findings[name]} />
            ))}
          </ol>
          <Text size="sm" mt="md" role="status">
            {isOver ? resultOf(findings) : 'The steps are being tried.'}
          </Text>
        </Panel>
        <Panel title="Where all of it is well">
          <List size="sm" spacing={6}>
            <List.Item>
              A run that waits in the queue moves when its turn comes; its page says how many runs are before it.
            </List.Item>
            <List.Item>
              Reading images and scoring tell little while they last. A run's page says when its worker was silent for
              long; a worker that died is noticed within half a minute, and the run goes on by itself.
            </List.Item>
            <List.Item>
              After a sleep of this machine, or in a window that was not looked at, a page asks at once when it is
              looked at again. Nothing is lost: what happened meanwhile is read from the service.
            </List.Item>
          </List>
        </Panel>
      </Stack>
    </Page>
  );
}

type Check = { number: number; findings: Findings; isOver: boolean };
const NEW = { findings: {}, isOver: false };

function useCheck() {
  const [state, setState] = useState<Check>({ number: 0, ...NEW });
  const { number } = state;
  useEffect(() => {
    // What an earlier check still finds is nothing to the one that is shown.
    const change = (how: (before: Check) => Check) =>
      setState((before) => (before.number === number ? how(before) : before));
    const tell = (name: StepName, finding: Finding) =>
      change((before) => ({ ...before, findings: { ...before.findings, [name]: finding } }));
    void checkLink(meansOfThisPage(), tell).then(() => change((before) => ({ ...before, isOver: true })));
  }, [number]);
  return { ...state, check: () => setState(({ number: before }) => ({ number: before + 1, ...NEW })) };
}

const SHOWN: Record<Finding['standing'], { tone: Tone; word: string }> = {
  good: { tone: 'good', word: 'yes' },
  bad: { tone: 'bad', word: 'no' },
  skipped: { tone: 'idle', word: 'not tried' },
};

function StepRow({ title, finding }: { title: string; finding: Finding | undefined }) {
  const { tone, word } = finding === undefined ? { tone: 'waiting' as const, word: '…' } : SHOWN[finding.standing];
  return (
    <li className={classes.step}>
      <Text size="sm" fw={500}>
        {title}
      </Text>
      <div>
        <StateLabel tone={tone}>
          {finding?.standing === 'good' && finding.found !== '' ? `${word}, ${finding.found}` : word}
        </StateLabel>
      </div>
      {finding?.standing === 'bad' && (
        <Text size="sm" className={classes.found}>
          {finding.found} {finding.advice}
        </Text>
      )}
    </li>
  );
}

function resultOf(findings: Findings): string {
  const bad = (name: StepName) => findings[name]?.standing === 'bad';
  if (!STEPS.some(({ name }) => bad(name))) return 'News reach this page as they happen.';
  const isLinkBad = bad('socket') || bad('answer') || bad('events');
  if (isLinkBad && findings.polling?.standing === 'good')
    return 'News come by asking every few seconds: pages are right, some seconds late.';
  return 'What is said above keeps the pages from moving.';
}

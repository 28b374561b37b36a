import { Anchor, Group, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useLinkState } from '@/api/live';
import { link, type LinkState } from '@/api/socket';
import { duration } from './format';
import { StateLabel, type Tone } from './StateLabel';

const WORDS: Record<LinkState, { tone: Tone; explanation: string }> = {
  connecting: { tone: 'active', explanation: 'The live link is being opened.' },
  live: { tone: 'good', explanation: 'News arrive as they happen.' },
  reconnecting: { tone: 'warn', explanation: 'The live link was lost just now; it is being opened again.' },
  polling: {
    tone: 'warn',
    explanation:
      'The live link cannot be opened, so the page asks every few seconds. A proxy that lets no WebSocket through is the usual reason.',
  },
};

/** How this page gets its news, and when the last came; where it is not live, with the way to the reason. */
export function LinkLabel({ isExplained = true }: { isExplained?: boolean }) {
  const state = useLinkState();
  const now = useSeconds();
  const { tone, explanation } = WORDS[state];
  const age = link.lastHeardAt === null ? null : (now - link.lastHeardAt) / 1000;
  const last = age === null || (state === 'live' && age < 30) ? '' : `, last news ${duration(age)} ago`;
  return (
    // As wide as its longest word, so that the line around it does not wrap anew when the word changes.
    <Group gap={6} component="span" display="inline-flex" miw={112}>
      <Tooltip label={explanation} multiline maw={280}>
        <span>
          <StateLabel tone={tone}>{`${state}${last}`}</StateLabel>
        </span>
      </Tooltip>
      {isExplained && (state === 'reconnecting' || state === 'polling') && (
        <Anchor component={Link} to="/live-link" inherit>
          Why?
        </Anchor>
      )}
    </Group>
  );
}

/** The time, once a second. */
export function useSeconds(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1_000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

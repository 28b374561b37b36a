import { describe, expect, it } from 'vitest';
import { ApiError } from '@/api/errors';
import { checkLink, STEPS, type Finding, type Means, type StepName, type Wire } from './linkCheck';

const ME = 'me';
const HERE = [
  { name: 'compute', waiting: 0, num_workers: 1 },
  { name: 'io', waiting: 0, num_workers: 1 },
];

/** A socket that answers as the service does, where nothing is overwritten; it knows what was sent by HTTP. */
class GoodWire implements Wire {
  isOpen = true;
  private said: Record<string, unknown>[] = [];
  constructor(private readonly events: string[]) {}
  say(message: Record<string, unknown>) {
    this.said.push(message);
  }
  async hear(isIt: (message: Record<string, unknown>) => boolean) {
    await Promise.resolve();
    const answers = this.said.map(({ type }) => ({
      type: type === 'ping' ? 'socket.answered' : 'subscription.opened',
      data: {},
    }));
    const told = this.events.map((mark) => ({ type: 'link.tested', data: { mark } }));
    if (![...answers, ...told].some((message) => isIt(message))) throw new Error('Nothing came.');
  }
  close() {
    this.isOpen = false;
  }
}

async function findings(changed: Partial<Means> = {}) {
  const events: string[] = [];
  const wire = new GoodWire(events);
  const means: Means = {
    person: () => Promise.resolve(ME),
    open: () => Promise.resolve(wire),
    isAddressServed: () => Promise.resolve(true),
    sendEvent: (mark) => Promise.resolve(events.push(mark)),
    queues: () => Promise.resolve({ queues: HERE, ageS: 0 }),
    newMark: () => 'a mark',
    address: 'ws://here/ws/',
    ...changed,
  };
  const found: Partial<Record<StepName, Finding>> = {};
  await checkLink(means, (name, finding) => (found[name] = finding));
  const standings = STEPS.map(({ name }) => found[name]?.standing);
  return { found, standings, wire };
}

const no = (message: string) => () => Promise.reject(new Error(message));
const REFUSED = new ApiError('Refused.', 403, 'csrf_failed');

describe('checkLink', () => {
  it('finds every step well where all is, and closes its socket', async () => {
    const { standings, wire } = await findings();
    expect(standings).toEqual(STEPS.map(() => 'good'));
    expect(wire.isOpen).toBe(false);
  });

  it('tries nothing more where the service does not answer', async () => {
    const { standings } = await findings({ person: no('The service does not answer.') });
    expect(standings).toEqual(['bad', ...STEPS.slice(1).map(() => 'skipped')]);
  });

  it('says to log in again where nobody is logged in', async () => {
    const { found, standings } = await findings({ person: () => Promise.resolve(null) });
    expect(standings.slice(0, 3)).toEqual(['good', 'bad', 'skipped']);
    expect(found.session?.advice).toContain('Log in again');
  });

  it('tells three reasons of a socket that does not open apart, and goes on with what needs no socket', async () => {
    const open = no('It could not be opened.');
    const upgrade = await findings({ open });
    expect(upgrade.standings).toEqual(['good', 'good', 'bad', 'skipped', 'skipped', 'good', 'good']);
    expect(upgrade.found.socket?.found).toContain('ws://here/ws/');
    expect(upgrade.found.socket?.advice).toContain('Upgrade');
    const path = await findings({ open, isAddressServed: () => Promise.resolve(false) });
    expect(path.found.socket?.advice).toContain('gives it a location');
    const stranger = await findings({ open, sendEvent: () => Promise.reject(REFUSED) });
    expect(stranger.found.socket?.advice).toContain('PUBLIC_URL');
  });

  it('sees that events do not arrive although the socket answers', async () => {
    const { standings, found, wire } = await findings({ sendEvent: () => Promise.resolve() });
    expect(standings).toEqual(['good', 'good', 'good', 'good', 'bad', 'good', 'good']);
    expect(found.events?.advice).toContain('Redis');
    expect(wire.isOpen).toBe(false);
  });

  it('sees answers that something between has kept', async () => {
    const { found } = await findings({ queues: () => Promise.resolve({ queues: HERE, ageS: 40 }) });
    expect([found.polling?.standing, found.worker?.standing]).toEqual(['bad', 'skipped']);
    expect(found.polling?.found).toContain('40 seconds old');
  });

  it('names what waits where no worker is there', async () => {
    const queues = [{ name: 'compute', waiting: 2, num_workers: 0 }, HERE[1]].filter((one) => one !== undefined);
    const { found } = await findings({ queues: () => Promise.resolve({ queues, ageS: 0 }) });
    expect(found.worker?.found).toBe('Nobody works on trainings (2 waiting).');
  });
});

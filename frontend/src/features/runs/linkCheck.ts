/**
 * Whether news reach this page, tried step by step by what a page really needs. A step that fails says what was found
 * and what to do; what hangs on it is not tried.
 */

import { ApiError, sentenceOf } from '@/api/errors';
import { plural } from '@/components/format';

export const STEPS = [
  { name: 'service', title: 'The service answers' },
  { name: 'session', title: 'You are logged in' },
  { name: 'socket', title: 'A live link opens' },
  { name: 'answer', title: 'The live link answers' },
  { name: 'events', title: 'Events arrive over it' },
  { name: 'polling', title: 'Asking every few seconds works' },
  { name: 'worker', title: 'Workers are there' },
] as const;

export type StepName = (typeof STEPS)[number]['name'];
export type Finding = { standing: 'good' | 'bad' | 'skipped'; found: string; advice?: string };
type Tell = (name: StepName, finding: Finding) => void;
type Message = Record<string, unknown>;

/** An open socket. `hear` waits for a message of a kind, and raises when it does not come or the socket is closed. */
export type Wire = {
  say: (message: Message) => void;
  hear: (isIt: (message: Message) => boolean) => Promise<void>;
  close: () => void;
};

export type Queue = { name: string; waiting: number; num_workers: number };

/** What the steps are tried with; each raises where it fails. */
export type Means = {
  /** Id of the person who is logged in; null: nobody. */
  person: () => Promise<string | null>;
  open: () => Promise<Wire>;
  /** Whether a plain request to the live link's address comes to the service. */
  isAddressServed: () => Promise<boolean>;
  /** Asks the service to send an event with this mark. */
  sendEvent: (mark: string) => Promise<unknown>;
  /** What waits, and for how many seconds something between has kept the answer. */
  queues: () => Promise<{ queues: Queue[]; ageS: number }>;
  newMark: () => string;
  /** The address of the live link, as a person reads it. */
  address: string;
};

/** What is wrong, and what to do about it. */
class Fault extends Error {
  constructor(
    message: string,
    readonly advice: string,
  ) {
    super(message);
  }
}

/** Tries every step, and tells of each as soon as it is known. */
export async function checkLink(means: Means, tell: Tell): Promise<void> {
  const asked = await tried('service', tell, async () => ({ person: await means.person() }));
  if (asked === null) {
    skip(['session', 'socket', 'answer', 'events', 'polling', 'worker'], tell);
    return;
  }
  const person = await tried('session', tell, () => loggedIn(asked.person));
  if (person === null) {
    skip(['socket', 'answer', 'events', 'polling', 'worker'], tell);
    return;
  }
  await checkSocket(means, person, tell);
  const answer = await tried('polling', tell, () => fresh(means));
  if (answer === null) skip(['worker'], tell);
  else await tried('worker', tell, () => served(answer.queues));
}

async function checkSocket(means: Means, person: string, tell: Tell): Promise<void> {
  const wire = await tried('socket', tell, () => means.open().catch((error: unknown) => explain(means, error)));
  if (wire === null) {
    skip(['answer', 'events'], tell);
    return;
  }
  const answered = await tried('answer', tell, async () => {
    wire.say({ type: 'ping' });
    await wire.hear((message) => message.type === 'socket.answered').catch(asFault(SILENT));
    return true;
  });
  if (answered === null) skip(['events'], tell);
  else await tried('events', tell, () => receive(means, wire, person));
  wire.close();
}

async function receive(means: Means, wire: Wire, person: string): Promise<true> {
  wire.say({ type: 'subscribe', person });
  await wire.hear((message) => message.type === 'subscription.opened').catch(asFault(NO_BELL));
  const mark = means.newMark();
  const arrival = wire.hear((message) => (message.data as { mark?: unknown } | undefined)?.mark === mark);
  await Promise.all([arrival.catch(asFault(NO_BELL)), means.sendEvent(mark)]);
  return true;
}

const SILENT =
  'Something between opens links and passes nothing on: a proxy that collects answers, or a filter on this machine. If more than twenty pages of the service are open, close some.';
const NO_BELL =
  'The server does not get what the workers tell. Who runs the service looks whether Redis answers, and that all parts have the same REDIS_URL. Pages are right meanwhile after each reload.';
const UPGRADE =
  'The proxy keeps the headers Upgrade and Connection to itself. Who runs it gives the location of the live link “proxy_http_version 1.1”, “proxy_set_header Upgrade $http_upgrade” and “proxy_set_header Connection "upgrade"”, as in docker/nginx.conf.';
const NO_ADDRESS =
  'The proxy passes pages on and this address not. Who runs it gives it a location, as in docker/nginx.conf; below a path of a shared host, PUBLIC_URL names that path, too.';
const STRANGER =
  'The service takes this page for one of another site. Who runs it sets PUBLIC_URL to the address that people open, and lets the proxy pass on Host and X-Forwarded-Proto.';

/** Why a socket does not open; the browser is not told, so other requests have to show it. Raises: Fault. */
async function explain(means: Means, error: unknown): Promise<never> {
  const found = `${sentenceOf(error)} Its address is ${means.address}.`;
  const refusal: unknown = await means.sendEvent(means.newMark()).then(
    () => null,
    (refused: unknown) => refused,
  );
  if (refusal instanceof ApiError && refusal.status === 403) throw new Fault(found, STRANGER);
  throw new Fault(found, (await means.isAddressServed()) ? UPGRADE : NO_ADDRESS);
}

function loggedIn(person: string | null): Promise<string> {
  if (person !== null) return Promise.resolve(person);
  throw new Fault('Nobody is logged in any more.', 'Log in again; the page that you were on is right then.');
}

async function fresh(means: Means): Promise<{ queues: Queue[] }> {
  const { queues, ageS } = await means.queues();
  if (ageS === 0) return { queues };
  throw new Fault(
    `The answer was ${plural(ageS, 'second')} old: something between keeps answers.`,
    'Who runs the proxy switches its cache off for the addresses below /api/.',
  );
}

/** Queue -> what stands still without a worker for it. */
const WAITS: Record<string, string> = { compute: 'trainings', io: 'uploads, selections and exports' };

function served(queues: Queue[]): Promise<true> {
  const empty = queues.filter(({ num_workers }) => num_workers === 0);
  if (empty.length === 0) return Promise.resolve(true);
  const found = empty.map(({ name, waiting }) => `Nobody works on ${WAITS[name] ?? name} (${count(waiting)} waiting).`);
  throw new Fault(
    found.join(' '),
    'Who runs the service starts them: “manage.py up” on one machine, “manage.py work” on the machine that is to do it.',
  );
}

function count(waiting: number): string {
  return waiting === 0 ? 'nothing' : String(waiting);
}

function asFault(advice: string): (error: unknown) => never {
  return (error) => {
    throw new Fault(sentenceOf(error), advice);
  };
}

/** The outcome of a step, which is told with the time that it took; null where it failed. */
async function tried<T>(name: StepName, tell: Tell, step: () => Promise<T>): Promise<T | null> {
  const begun = performance.now();
  try {
    const outcome = await step();
    const tookMs = Math.round(performance.now() - begun);
    tell(name, { standing: 'good', found: tookMs < 1 ? '' : `${tookMs} ms` });
    return outcome;
  } catch (error) {
    const advice = error instanceof Fault ? { advice: error.advice } : {};
    tell(name, { standing: 'bad', found: sentenceOf(error), ...advice });
    return null;
  }
}

function skip(names: StepName[], tell: Tell): void {
  for (const name of names) tell(name, { standing: 'skipped', found: 'Not tried: a step before it failed.' });
}

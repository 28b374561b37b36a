import { http, take } from '@/api/client';
import { readSession } from '@/api/session';
import { randomUuid } from '@/components/randomUuid';
import { socketUrl } from '@/api/socket';
import type { Means, Wire } from './linkCheck';

/** How long a step may take. */
const PATIENCE_MS = 10_000;

/** The steps' means in a browser: requests of this page, and a socket of its own beside the page's one. */
export function meansOfThisPage(): Means {
  const address = socketUrl();
  return {
    person: async () => (await readSession()).person?.id ?? null,
    open: () => openWire(address),
    isAddressServed: () => isServed(address.replace(/^ws/, 'http')),
    sendEvent: (mark) => take(http.POST('/api/v1/session/link/', { body: { mark } })),
    queues: async () => {
      const { data = [], response } = await http.GET('/api/v1/workers/queues/', { cache: 'no-store' });
      return { queues: data, ageS: Number(response.headers.get('Age') ?? 0) };
    },
    newMark: () => randomUuid(),
    address,
  };
}

/** A plain request there is answered by the service with a 404 in its own shape; a proxy's own page has another. */
async function isServed(url: string): Promise<boolean> {
  const body: unknown = await fetch(url, { cache: 'no-store' })
    .then((response) => response.json())
    .catch(() => null);
  return typeof body === 'object' && body !== null && 'code' in body;
}

function openWire(address: string): Promise<Wire> {
  const socket = new WebSocket(address);
  return within(
    new Promise<Wire>((resolve, reject) => {
      socket.onopen = () => resolve(wireOf(socket));
      socket.onclose = () => reject(new Error('The live link could not be opened.'));
    }),
    'The live link was neither opened nor refused',
  ).catch((error: unknown) => {
    socket.close();
    throw error;
  });
}

function wireOf(socket: WebSocket): Wire {
  return {
    say: (message) => socket.send(JSON.stringify(message)),
    hear: (isIt) =>
      within(
        new Promise<void>((resolve, reject) => {
          socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
            if (isIt(JSON.parse(data) as Record<string, unknown>)) resolve();
          });
          socket.addEventListener('close', ({ code }) => reject(new Error(`The live link was closed (${code}).`)));
        }),
        'Nothing came over the live link',
      ),
    close: () => socket.close(),
  };
}

/** Raises when it takes too long. */
function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const seconds = PATIENCE_MS / 1_000;
    const timer = window.setTimeout(() => reject(new Error(`${otherwise} within ${seconds} s.`)), PATIENCE_MS);
    promise.then(resolve, reject).finally(() => window.clearTimeout(timer));
  });
}

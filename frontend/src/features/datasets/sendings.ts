import { queries, SESSION_KEY, type Schemas } from '@/api/client';
import { ApiError, unreachable } from '@/api/errors';
import { randomUuid } from '@/components/randomUuid';
import type { Parcel } from './parcel';
import { Rate } from './rate';
import type { Handlers, Sending } from './sending';

/** What becomes of an upload when it has arrived. */
export type Purpose = { makes: 'dataset' } | { makes: 'version'; base: Base } | { makes: 'import'; version: string };
export type Base = { id: string; dataset: string; number: number; name: string };

export type State = 'asked' | 'queued' | 'sending' | 'lost' | 'paused' | 'failed' | 'done';

/** One upload as a person sees it. */
export type Row = {
  id: string;
  lab: string;
  purpose: Purpose;
  name: string;
  size: number;
  /** Null for what arrived before the page was loaded. */
  parcel: Parcel | null;
  state: State;
  sent: number;
  /** Bytes per second, null while unknown. */
  rate: number | null;
  /** What went wrong, while it is lost or failed. */
  error: ApiError | null;
  /** What a person should know of it before it is sent, or while it is. */
  note: string;
  /** The upload as the service knows it, empty before it has begun. */
  upload: string;
};

export type Make = (
  parcel: Parcel,
  lab: string,
  handlers: Handlers,
) => Promise<Pick<Sending, 'start' | 'pause' | 'discard'>>;
type Sent = Awaited<ReturnType<Make>>;

const AT_ONCE = 3;
const TOLD_EVERY_MS = 200;
const DELAYS_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000];
const LIVE: ReadonlySet<State> = new Set(['sending', 'lost']);

/** What is being looked through before it is sent, and what was refused of it. */
export type Choice = { files: number | null; refusals: string[] };
export type Told = { rows: readonly Row[]; choice: Choice };

/** Everything that is being sent, three at once; it goes on while other pages of the app are looked at. */
export class Sendings {
  private person = '';
  private isOnline = true;
  private rows: readonly Row[] = [];
  private told: Told = { rows: [], choice: { files: null, refusals: [] } };
  private readonly sent = new Map<string, Promise<Sent>>();
  private readonly speeds = new Map<string, Rate>();
  private readonly failures = new Map<string, number>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly listeners = new Set<() => void>();
  private telling: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly make: Make) {}

  /** The same object until something is told. */
  readonly snapshot = (): Told => this.told;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  choose(choice: Partial<Choice>): void {
    this.told = { rows: this.rows, choice: { ...this.told.choice, ...choice } };
    this.tell();
  }

  /** Put a parcel in the queue, or, with a question, where a person must say so first. */
  add(parcel: Parcel, lab: string, purpose: Purpose, note = '', asks = false): void {
    const { name, size } = parcel;
    const same = this.rows.find((row) => row.parcel?.mark === parcel.mark && row.lab === lab);
    if (same !== undefined) {
      this.patch(same.id, { note: 'It was chosen a second time; it is sent once.' });
      return;
    }
    const state = asks ? 'asked' : 'queued';
    const begun = { sent: 0, rate: null, error: null, upload: '', note, state } as const;
    this.set([...this.rows, { id: randomUuid(), lab, purpose, name, size, parcel, ...begun }]);
    this.pump();
  }

  /** Something that arrived before the page was loaded. */
  adopt(upload: { id: string; file_name: string; size_bytes: number }, lab: string, purpose: Purpose): void {
    const { id, file_name: name, size_bytes: size } = upload;
    const whole = { sent: size, rate: null, error: null, upload: id, note: '', state: 'done' } as const;
    this.set([...this.rows, { id: randomUuid(), lab, purpose, name, size, parcel: null, ...whole }]);
  }

  pause(id: string): void {
    this.quiet(id);
    void this.sent.get(id)?.then((one) => one.pause());
    this.patch(id, { state: 'paused', rate: null, error: null });
    this.pump();
  }

  /** Begin, go on or try again, as soon as there is a place. */
  go(id: string): void {
    this.failures.delete(id);
    this.patch(id, { state: 'queued', error: null });
    this.pump();
  }

  /** Give up: the service forgets what was sent. */
  discard(id: string): void {
    this.quiet(id);
    void this.sent.get(id)?.then((one) => one.discard().catch(() => undefined));
    this.remove(id);
  }

  /** What arrived has become something. */
  remove(id: string): void {
    this.quiet(id);
    unlist(this.rowOf(id)?.upload ?? '');
    for (const map of [this.sent, this.speeds, this.failures]) map.delete(id);
    this.set(this.rows.filter((row) => row.id !== id));
    this.pump();
  }

  /** The network is back. */
  readonly regain = (): void => {
    this.isOnline = true;
    this.hurry();
  };

  /** Nobody waits for a timer. */
  readonly hurry = (): void => {
    for (const row of this.rows.filter(({ state }) => state === 'lost')) this.begin(row.id);
  };

  /** The network is gone: said at once, not when a request times out. */
  readonly lose = (): void => {
    this.isOnline = false;
    for (const row of this.rows.filter(({ state }) => state === 'sending')) {
      void this.sent.get(row.id)?.then((one) => one.pause());
      this.fail(row.id, unreachable());
    }
  };

  /** The rows are of one person; for another one who logged in here they are not there. */
  belongTo(person: string): void {
    if (this.person !== '' && this.person !== person) for (const { id } of this.rows) this.leave(id);
    this.person = person;
  }

  private leave(id: string): void {
    void this.sent.get(id)?.then((one) => one.pause());
    this.remove(id);
  }

  /** Somebody logged in again: what the expired login stopped goes on. */
  welcome(): void {
    for (const row of this.rows) if (row.state === 'failed' && row.error?.status === 401) this.go(row.id);
  }

  private pump(): void {
    const free = AT_ONCE - this.rows.filter(({ state }) => LIVE.has(state)).length;
    for (const row of this.rows.filter(({ state }) => state === 'queued').slice(0, Math.max(0, free)))
      this.begin(row.id);
  }

  private begin(id: string): void {
    this.quiet(id);
    const row = this.rows.find((one) => one.id === id);
    if (row?.parcel === null || row === undefined) return;
    const made = this.sent.get(id) ?? this.make(row.parcel, row.lab, this.handlersOf(id));
    this.sent.set(id, made);
    if (!this.speeds.has(id) || row.state !== 'sending') this.speeds.set(id, new Rate());
    this.patch(id, { state: 'sending', rate: null });
    void made.then(
      (one) => (this.stateOf(id) === 'sending' ? one.start() : undefined),
      () => {
        this.sent.delete(id);
        this.fail(id, unreachable());
      },
    );
  }

  private handlersOf(id: string): Handlers {
    return {
      onBegun: (upload) => this.patch(id, { upload }),
      onProgress: (sent) => this.progress(id, sent),
      onGone: () => this.patch(id, { note: 'What had arrived was removed since; it is sent from its beginning.' }),
      onDone: (upload) => {
        this.patch(id, { state: 'done', upload, error: null, rate: null, sent: this.rowOf(id)?.size ?? 0 });
        this.pump();
      },
      onError: (error) => this.fail(id, error),
    };
  }

  private progress(id: string, sent: number): void {
    const row = this.rowOf(id);
    if (row?.state !== 'sending') return;
    if (sent > row.sent) this.failures.delete(id);
    const rate = this.speeds.get(id)?.note(sent, performance.now()) ?? null;
    this.rows = this.rows.map((one) => (one.id === id ? { ...one, sent, rate, error: null } : one));
    // Bytes go out many times a second; people read a few.
    this.telling ??= setTimeout(() => this.tell(), TOLD_EVERY_MS);
  }

  private fail(id: string, error: ApiError): void {
    if (!LIVE.has(this.stateOf(id) ?? 'done')) return;
    if (!passes(error)) {
      this.patch(id, { state: 'failed', error, rate: null });
      if (error.status === 401) void queries.invalidateQueries({ queryKey: SESSION_KEY });
      this.pump();
      return;
    }
    const count = this.failures.get(id) ?? 0;
    this.failures.set(id, count + 1);
    const isOffline = error.status === 0 && !this.isOnline;
    const wait = Math.max(DELAYS_MS[Math.min(count, DELAYS_MS.length - 1)] ?? 0, 1000 * (error.retryAfterS ?? 0));
    this.patch(id, { state: 'lost', error: isOffline ? offline() : error, rate: null });
    this.quiet(id);
    this.timers.set(
      id,
      setTimeout(() => this.begin(id), wait),
    );
  }

  private quiet(id: string): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
  }

  private rowOf(id: string): Row | undefined {
    return this.rows.find((one) => one.id === id);
  }

  private stateOf(id: string): State | undefined {
    return this.rowOf(id)?.state;
  }

  private patch(id: string, part: Partial<Row>): void {
    this.set(this.rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  }

  private set(rows: readonly Row[]): void {
    this.rows = rows;
    this.tell();
  }

  private tell(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    this.told = { ...this.told, rows: this.rows };
    for (const listener of this.listeners) listener();
  }
}

/** What the service told of as unfinished is so no longer; asked again, it says the same. */
function unlist(upload: string): void {
  queries.setQueriesData<Schemas['OpenUploadPage']>(
    { queryKey: ['get', '/api/v1/uploads/'] },
    (page) => page && { ...page, results: page.results.filter(({ id }) => id !== upload) },
  );
}

/** Whether it goes away by itself: the service or the network is away, busy, or has more than was sent. */
export function passes({ status, code }: ApiError): boolean {
  if (status === 429) return code !== 'too_many_uploads';
  return status === 0 || status === 408 || status === 409 || status === 423 || (status >= 500 && status !== 507);
}

function offline(): ApiError {
  return new ApiError('The network is gone.', 0, 'offline');
}

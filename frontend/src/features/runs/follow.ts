import type { Schemas } from '@/api/client';

type LiveEvent = Schemas['LiveEvent'];
type History = Schemas['History'];

/**
 * Puts what a run says in order: each stored event once, none left out. Events come by the socket, some twice, some
 * never; the number of the next one shows the gap, and what is missing is asked for.
 */
export class Follower {
  /** Number of the last event that was laid; null before the history is known. */
  seen: number | null = null;
  private asking = false;

  constructor(
    private readonly lay: (event: LiveEvent) => void,
    private readonly ask: (since: number) => Promise<History>,
  ) {}

  /** The history up to `seq` is known; only the first word counts. */
  begin(seq: number): number {
    this.seen ??= seq;
    return this.seen;
  }

  /** Whether something was said, up to `seq`, that was not laid yet. */
  isBehind(seq: number): boolean {
    return (this.seen ?? 0) < seq;
  }

  take(event: LiveEvent): void {
    if (event.type === 'run.snapshot') {
      this.lay(event);
      if (event.data.last_seq > this.begin(event.data.last_seq)) void this.catchUp();
    } else if (event.seq === null || this.isNext(event.seq)) {
      this.lay(event);
    } else if (event.seq > (this.seen ?? 0)) {
      void this.catchUp();
    }
  }

  /** Lay everything that was said since, however much it is. A failed request is tried again with the next event. */
  async catchUp(): Promise<void> {
    if (this.asking || this.seen === null) return;
    this.asking = true;
    try {
      let behind = true;
      while (behind) {
        const { results, last_seq } = await this.ask(this.seen);
        for (const event of results) if (event.seq !== null && this.isNext(event.seq)) this.lay(event);
        behind = results.length > 0 && this.seen < last_seq;
      }
    } catch {
      // The service is away; the page says so by its link's state.
    } finally {
      this.asking = false;
    }
  }

  private isNext(seq: number): boolean {
    if (seq !== (this.seen ?? seq - 1) + 1) return false;
    this.seen = seq;
    return true;
  }
}

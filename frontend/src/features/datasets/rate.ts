type Mark = { at: number; sent: number };

const WINDOW_MS = 8_000;

/** Speed over the last seconds: what a person means by "how fast", calmer than the last chunk, faster than the mean. */
export class Rate {
  private marks: Mark[] = [];

  /** Note that so many bytes lie on the other side now; returns bytes per second, or null while it is too early. */
  note(sent: number, at: number): number | null {
    const last = this.marks.at(-1);
    // Fewer bytes than before: the service had less than was sent, and sending went back.
    if (last !== undefined && sent < last.sent) this.marks = [];
    this.marks.push({ at, sent });
    this.marks = this.marks.filter((mark) => at - mark.at <= WINDOW_MS);
    const first = this.marks[0];
    if (first === undefined || at - first.at < 500) return null;
    return ((sent - first.sent) / (at - first.at)) * 1000;
  }
}

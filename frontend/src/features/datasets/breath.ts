const LONGEST_MS = 12;

/** Long work in short tasks: `await breath.take()` between two steps lets the page paint and answer keys. */
export class Breath {
  private began = performance.now();

  /** Returns at once until the task has lasted some milliseconds, then after the page had its turn. */
  async take(): Promise<void> {
    if (performance.now() - this.began < LONGEST_MS) return;
    await turn();
    this.began = performance.now();
  }
}

/** A task of its own, without the delay that browsers put on timers and without stopping in a hidden tab. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

"""How fast a training is."""

import time

REPORT_EVERY_S = 0.5


class Pace:
    """Images per second of training itself; the time of previews and checkpoints is left out."""

    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size
        self.rate: float | None = None
        self.pause()

    def pause(self) -> None:
        """Start the window anew."""
        self.since, self.steps = time.perf_counter(), 0

    def count(self) -> None:
        self.steps += 1

    def is_due(self) -> bool:
        return time.perf_counter() - self.since >= REPORT_EVERY_S

    def images_per_s(self) -> float | None:
        """The smoothed rate; starts the next window."""
        spent = time.perf_counter() - self.since
        if self.steps:
            now = self.steps * self.batch_size / spent
            self.rate = now if self.rate is None else 0.7 * self.rate + 0.3 * now
            self.pause()
        return self.rate

"""Sends the news of labs to their webhooks, from a thread beside the work on files.

Not a task of the queue: that worker has one hand, which may build an export for an hour, and news grow old.
"""

import threading
from collections.abc import Callable
from typing import Final

from webapp.webhooks.services.deliveries import deliver_next
from workers.supervisor import shutting_down
from workers.watch import END_WITHIN_S, in_peace

LOOK_EVERY_S: Final = 3.0


class Courier:
    """The thread. `deliver_next`: sends one piece of news, and answers whether there was one."""

    def __init__(self, deliver_next: Callable[[], bool] = deliver_next) -> None:
        self._deliver_next = deliver_next
        self._thread = threading.Thread(target=self._look, name="courier", daemon=True)

    def start(self) -> None:
        """Begin, with a first look at once."""
        self._thread.start()

    def end(self) -> None:
        """Wait until what is being sent is sent; `shutting_down` must be set."""
        self._thread.join(END_WITHIN_S)

    def deliver_what_is_due(self) -> None:
        """One after another, until nothing is due or this process is to end."""
        while not shutting_down.is_set() and self._deliver_next():
            pass

    def _look(self) -> None:
        while not shutting_down.is_set():
            in_peace(self.deliver_what_is_due)
            shutting_down.wait(LOOK_EVERY_S)

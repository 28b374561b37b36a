"""One piece of work from claim to outcome: the same for ingest, runs, selections and exports.

The supervisor claims the row, starts the child, hands on what the child says, passes on what people ask for (stop,
cancel) and what the machine asks for (the worker ends), and writes how it ended. It knows nothing of what is computed.
"""

import json
import logging
import queue
import statistics
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections

from ml.disk import disk_full
from ml.protocol import EXIT_DONE, Event
from webapp.core import storage
from webapp.core.bucket import BucketError
from webapp.core.errors import AtelierError, DiskFullError
from webapp.core.leases import MAX_ATTEMPTS, Leased, LeaseLostError, new_owner
from webapp.core.processes import how_it_ended
from workers.child import Child, work_command, work_environment
from workers.heartbeat import Heartbeat, Rhythm

log = logging.getLogger(__name__)
Row = TypeVar("Row", bound=Leased)
AGAIN: Final = " It goes on by itself once there is space."
"""Said of work that a full disk ended."""
BUCKET_AGAIN: Final = " It is tried again by itself."
"""Said of work that a bucket ended."""

shutting_down = threading.Event()
"""Set when this worker process was told to end; every supervisor then saves and gives its row back."""


@dataclass(frozen=True)
class Timing:
    """How long the supervisor waits for what, in seconds."""

    rhythm: Rhythm = field(default_factory=Rhythm)
    grace_s: float = 20.0
    """From the request to save and leave until the group is killed; less than what `up` gives a worker to end."""
    stall_floor_s: float = field(default_factory=lambda: settings.STALL_AFTER_S)
    stall_factor: float = 20.0
    """No word for `stall_floor_s`, and for this many times the median pause between words: it hangs."""
    poll_s: float = 0.25
    retry_database_s: float = 1.0


class Work(Generic[Row]):
    """What differs between the kinds of work. Everything here is called from the supervisor's thread."""

    model: ClassVar[type[Leased]]
    first_state: ClassVar[str]

    def __init__(self, row: Row) -> None:
        self.row = row
        self.go_on: Callable[[], None] = lambda: None
        """To be called now and then by what takes long before the child is there; raises when it is not wanted."""

    @property
    def folder(self) -> Path:
        """This attempt's own folder; its name holds the fence, so that no two attempts write to the same place."""
        raise NotImplementedError

    def plan(self) -> Any:
        """The plan for the child, see `ml.plans`. Raises: AtelierError when it cannot be made."""
        raise NotImplementedError

    def heard(self, event: Event) -> None:
        """The child said something. Called again with the same event when the database did not answer."""
        raise NotImplementedError

    def tick(self) -> None:
        """Called a few times a second."""

    def asked(self, seen: Row) -> None:
        """Called a few times a second with the row as it was last read: what people ask of this kind of work alone."""

    def finish(self) -> None:
        """The child did it all: write the results and the final state under the fence."""
        raise NotImplementedError

    def stopped(self) -> None:
        """The child saved and left because people asked for it."""
        self.give_back()

    def cancelled(self) -> None:
        """The child was killed because people asked for it."""
        raise NotImplementedError

    def give_back(self) -> None:
        """This worker ends; the row waits for another one, and the attempt does not count."""
        raise NotImplementedError

    def crashed(self, code: str, sentence: str) -> None:
        """The child ended in a way nobody foresaw, or hung (`stalled`); the row waits for another attempt."""
        raise NotImplementedError

    def paused(self, code: str, sentence: str) -> None:
        """It cannot go on for now; `sentence` says why. The row is tried again by itself, and nothing is lost."""
        raise NotImplementedError

    def failed(self, code: str, sentence: str) -> None:
        """It cannot be done; `sentence` says why."""
        raise NotImplementedError


def supervise(
    kind: type[Work[Any]],
    pk: uuid.UUID,
    timing: Timing | None = None,
    command: Callable[[Path], Sequence[str]] = work_command,
) -> bool:
    """Claim the row and see its work through; False when it was not due: somebody else has it, or it is done."""
    row = kind.model.claim(pk, new_owner(), kind.first_state)
    if row is None:
        return False
    log.info("%s %s: attempt %d under fence %d", kind.model.__name__, pk, row.attempts, row.fence)
    try:
        _Supervision(kind(row), timing or Timing(), command).run()
    except LeaseLostError as error:
        log.warning("%s; nothing of this attempt is kept", error)
    finally:
        connections.close_all()
    return True


class _NotWantedError(Exception):
    """People, or the machine, asked for the end before there was a child."""


class _Supervision:
    def __init__(self, work: Work[Any], timing: Timing, command: Callable[[Path], Sequence[str]]) -> None:
        self._work = work
        self._timing = timing
        self._command = command
        self._pulse = _Pulse(timing.stall_floor_s, timing.stall_factor)
        self._child: Child | None = None
        self._error: tuple[str, str] | None = None
        self._has_result = False
        self._asked_to_stop_at: float | None = None
        self._stalled = False

    def run(self) -> None:
        """Raises: LeaseLostError."""
        with Heartbeat(self._work.row, self._kill, self._timing.rhythm) as heartbeat:
            self._heartbeat = heartbeat
            try:
                self._see_through()
            finally:
                if self._child is not None:
                    self._child.close()

    def _see_through(self) -> None:
        try:
            self._check_space()
            child = self._child = self._start()
            self._listen(child)
            code = child.reap()
            self._drain(child)
            self._persist(lambda: self._conclude(child, code))
        except (LeaseLostError, OperationalError, InterfaceError):
            raise
        except _NotWantedError:
            self._persist(self._conclude_unstarted)
        except AtelierError as error:
            self._kill()
            refusal = error.error_code, error.message
            waits = isinstance(error, BucketError)
            self._persist(lambda: self._bucket_failed(*refusal) if waits else self._refused(*refusal))
        except Exception as error:  # an edge: a defect here must end the child and count as an attempt
            self._kill()
            if (full := disk_full(error, self._work.folder)) is not None:
                told = full.code, full.message
                return self._persist(lambda: self._refused(*told))
            log.exception("%s %s: the worker failed", type(self._work.row).__name__, self._work.row.pk)
            sentence = f"The worker failed: {type(error).__name__}: {error}."
            self._persist(lambda: self._give_up(sentence))

    def _check_space(self) -> None:
        """Work that a full disk ended starts again only when the disk is no longer near its end.

        Raises: DiskFullError.
        """
        row = self._work.row
        if row.error_code == DiskFullError.code and storage.free_bytes() < settings.DISK_FLOOR_BYTES:
            raise DiskFullError(row.error_message.removesuffix(AGAIN))

    def _start(self) -> Child:
        folder = self._work.folder
        folder.mkdir(parents=True, exist_ok=True)
        self._work.go_on = self._go_on
        plan = folder / "plan.json"
        plan.write_text(json.dumps(self._work.plan()))
        environment = work_environment(settings.WORKER_THREADS)
        return Child(self._command(plan), folder / "log.txt", environment)

    def _go_on(self) -> None:
        """Raises: _NotWantedError; LeaseLostError."""
        if self._heartbeat.lost:
            raise LeaseLostError(f"{type(self._work.row).__name__} {self._work.row.pk} was let go")
        if self._heartbeat.cancel_requested or self._heartbeat.stop_requested or shutting_down.is_set():
            raise _NotWantedError

    def _kill(self) -> None:
        """Called from the thread that keeps the lease, too."""
        if self._child is not None:
            self._child.kill()

    def _listen(self, child: Child) -> None:
        """Until the child has ended and said its last word."""
        while True:
            try:
                event = child.events.get(timeout=self._timing.poll_s)
            except queue.Empty:
                if child.has_ended():
                    return
            else:
                if event is None:
                    break
                self._heard(event)
            self._persist(self._work.tick)
            self._pass_on_wishes(child)
            self._look_for_stall(child)
        while not child.has_ended():  # stdout is closed; it may still be saving
            self._pass_on_wishes(child)
            self._look_for_stall(child)
            time.sleep(self._timing.poll_s / 5)

    def _drain(self, child: Child) -> None:
        """What the child said before it ended still counts: a checkpoint it announced is on disk."""
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            try:
                event = child.events.get(timeout=0.1)
            except queue.Empty:
                continue
            if event is None:
                return
            self._heard(event)

    def _heard(self, event: Event) -> None:
        self._pulse.beat()
        if event["event"] == "error":
            # the first says why; where several processes train, the others only say that one was lost
            self._error = self._error or (event["code"], event["message"])
            return
        self._has_result |= event["event"] == "result"
        self._persist(lambda: self._work.heard(event))
        self._pulse.rest()

    def _persist(self, write: Callable[[], None]) -> None:
        """Do it, and again while the database does not answer, for as long as the lease is held."""
        while True:
            if self._heartbeat.lost:
                raise LeaseLostError(f"{type(self._work.row).__name__} {self._work.row.pk} was let go")
            try:
                return write()
            except (OperationalError, InterfaceError) as error:
                log.warning("the database did not take a write: %s; trying again", error)
                connection.close()
                time.sleep(self._timing.retry_database_s)

    def _pass_on_wishes(self, child: Child) -> None:
        if self._heartbeat.cancel_requested or self._heartbeat.lost:
            child.kill()
        elif self._heartbeat.stop_requested or shutting_down.is_set():
            now = time.monotonic()
            if self._asked_to_stop_at is None:
                self._asked_to_stop_at = now
                child.ask_to_stop()
            elif now - self._asked_to_stop_at > self._timing.grace_s:
                child.kill()
        else:
            self._work.asked(self._heartbeat.seen)

    def _look_for_stall(self, child: Child) -> None:
        if self._stalled or not self._pulse.has_stopped():
            return
        self._stalled = True
        child.dump_stacks()
        time.sleep(1.0)  # for the stacks to reach the log
        child.kill()

    def _conclude(self, child: Child, code: int) -> None:
        """How it ended, by what people asked for first, then by what the child says, then by its exit status."""
        if self._heartbeat.cancel_requested:
            self._work.cancelled()
        elif code == EXIT_DONE and self._has_result:
            self._work.finish()
        elif self._error is not None:
            self._refused(*self._error)
        elif self._heartbeat.stop_requested:
            self._work.stopped()
        elif shutting_down.is_set():
            self._work.give_back()
        else:
            self._give_up(self._how_it_ended(child, code))

    def _conclude_unstarted(self) -> None:
        if self._heartbeat.cancel_requested:
            self._work.cancelled()
        elif self._heartbeat.stop_requested:
            self._work.stopped()
        else:
            self._work.give_back()

    def _bucket_failed(self, code: str, sentence: str) -> None:
        """Nobody did anything wrong, and what is saved stays: it waits, unless people asked for its end."""
        if self._heartbeat.cancel_requested:
            return self._work.cancelled()
        if self._heartbeat.stop_requested:
            return self._work.failed(code, sentence)
        self._work.paused(code, sentence + BUCKET_AGAIN)

    def _refused(self, code: str, sentence: str) -> None:
        """A full disk is nothing that people have to repeat the work for, unless they asked for its end."""
        if code == DiskFullError.code and not self._heartbeat.stop_requested:
            return self._work.paused(code, sentence + AGAIN)
        self._work.failed(code, sentence)

    def _how_it_ended(self, child: Child, code: int) -> str:
        if self._stalled:
            how = f"hung: it did not advance for {self._pulse.limit_s():.0f} s"
        elif code == EXIT_DONE:
            how = "ended without a result"
        else:
            how = how_it_ended(code)
        lines = " | ".join(child.last_lines())
        return f"The process {how}." + (f" Its last lines: {lines}" if lines else "")

    def _give_up(self, sentence: str) -> None:
        if self._work.row.attempts < MAX_ATTEMPTS:
            return self._work.crashed("stalled" if self._stalled else "interrupted", sentence)
        often = f"It ended {MAX_ATTEMPTS} times without reaching a new checkpoint; likely the memory is not enough."
        self._work.failed("ended_too_often", f"{often} {sentence}")


class _Pulse:
    """When a child has been silent for too long, judged by its own rhythm."""

    def __init__(self, floor_s: float, factor: float) -> None:
        self._floor_s, self._factor = floor_s, factor
        self._last = time.monotonic()
        self._pauses: deque[float] = deque(maxlen=101)

    def beat(self) -> None:
        now = time.monotonic()
        self._pauses.append(now - self._last)
        self._last = now

    def rest(self) -> None:
        """What was done since the last word took its time here, not in the child."""
        self._last = time.monotonic()

    def limit_s(self) -> float:
        """max(floor, factor x median pause)."""
        return max(self._floor_s, self._factor * statistics.median(self._pauses or [0.0]))

    def has_stopped(self) -> bool:
        return time.monotonic() - self._last > self.limit_s()

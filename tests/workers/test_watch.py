"""What a worker does by itself: looking for work, one piece at a time, the oldest first."""

import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

import pytest

from tests.worlds import make_version
from webapp.accounts.models import Lab
from webapp.core.leases import Leased
from webapp.core.reconciler import Reconciler
from webapp.datasets.models import DatasetVersion
from workers import supervisor, watch
from workers.supervisor import Work
from workers.watch import Watch, work_on

pytestmark = pytest.mark.django_db(transaction=True)
Row = DatasetVersion


class Ingest(Work[DatasetVersion]):
    """Stands for any kind of work; what it does is decided by the tests."""

    model: ClassVar[type[Leased]] = DatasetVersion
    first_state = Row.State.INGESTING


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The rows that were worked on, in order; each is claimed and finished without a child."""
    finished: list[UUID] = []

    def supervise(kind: type[Work[Any]], pk: UUID) -> bool:
        row = kind.model.claim(pk, f"test {pk} {len(finished)}", kind.first_state)
        if row is None:
            return False
        row.release("ready")
        finished.append(pk)
        return True

    monkeypatch.setattr(watch, "supervise", supervise)
    return finished


@pytest.fixture(autouse=True)
def worker_goes_on() -> Iterator[None]:
    yield
    supervisor.shutting_down.clear()


def rows(lab: Lab, count: int) -> list[UUID]:
    return [make_version(lab, state=Row.State.QUEUED).pk for _ in range(count)]


def test_all_that_is_due_is_done_the_oldest_first(lab: Lab, done: list[UUID]) -> None:
    waiting = rows(lab, 4)
    Watch([Ingest], Reconciler([])).take_what_is_due()
    assert done == waiting


def test_one_process_works_on_one_row_at_a_time_whoever_found_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = threading.Event()
    go_on = threading.Event()
    begun: list[UUID] = []

    def supervise(kind: type[Work[Any]], pk: UUID) -> bool:
        begun.append(pk)
        at_work.set()
        go_on.wait(10)
        return True

    monkeypatch.setattr(watch, "supervise", supervise)
    first, _ = rows(lab, 2)
    thread = threading.Thread(target=work_on, args=(Ingest,))
    thread.start()
    assert at_work.wait(5)
    assert not work_on(Ingest), "a bell that comes meanwhile is left to others"
    Watch([Ingest], Reconciler([])).take_what_is_due()
    go_on.set()
    thread.join()
    assert begun == [first]


def test_a_worker_that_ends_takes_nothing_up(lab: Lab, done: list[UUID]) -> None:
    rows(lab, 1)
    supervisor.shutting_down.set()
    assert not work_on(Ingest)
    Watch([Ingest], Reconciler([])).take_what_is_due()
    assert done == []


def test_what_is_due_at_the_start_is_found_without_any_bell_and_the_threads_end_when_told(
    lab: Lab, done: list[UUID]
) -> None:
    waiting = rows(lab, 2)
    looking = Watch([Ingest], Reconciler([]))
    looking.start()
    deadline = time.monotonic() + 10
    while done != waiting:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    supervisor.shutting_down.set()
    began = time.monotonic()
    looking.end()
    assert time.monotonic() - began < 5

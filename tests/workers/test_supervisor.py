"""The supervisor's mechanics, with a real child that follows a script."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now

from ml.protocol import Event
from tests.worlds import make_version
from webapp.accounts.models import Lab
from webapp.core import storage
from webapp.core.errors import GoneError
from webapp.core.leases import MAX_ATTEMPTS, Leased, LeaseLostError, new_owner
from webapp.datasets.models import DatasetVersion
from workers import supervisor
from workers.heartbeat import Rhythm
from workers.supervisor import Timing, Work, supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
CHILD = Path(__file__).with_name("scripted_child.py")
QUICK = Timing(
    rhythm=Rhythm(renew_every_s=0.2, give_up_after_s=1.0, look_every_s=0.05),
    grace_s=1.0,
    stall_floor_s=60.0,
    poll_s=0.02,
    retry_database_s=0.05,
)
RESULT = {"say": {"event": "result"}}
Row = DatasetVersion


class Scripted(Work[DatasetVersion]):
    """Work whose child follows `steps`; how it ended stands in the row."""

    model: ClassVar[type[Leased]] = DatasetVersion
    first_state = DatasetVersion.State.INGESTING
    steps: ClassVar[list[dict[str, Any]]] = []
    heard_events: ClassVar[list[Event]] = []

    @property
    def folder(self) -> Path:
        return storage.version_folder(self.row.pk, self.row.fence)

    def plan(self) -> Any:
        return {"steps": self.steps}

    def heard(self, event: Event) -> None:
        self.row.write(heartbeat_at=Now())
        self.heard_events.append(event)

    def finish(self) -> None:
        self.row.release("ready")

    def stopped(self) -> None:
        self.row.release("queued", error_code="stopped")

    def cancelled(self) -> None:
        self.row.fail("cancelled", "")

    def give_back(self) -> None:
        self.row.give_back()

    def crashed(self, code: str, sentence: str) -> None:
        self.row.interrupt(code, sentence)

    def paused(self, code: str, sentence: str) -> None:
        self.row.pause(code, sentence)

    def failed(self, code: str, sentence: str) -> None:
        self.row.fail(code, sentence)


@pytest.fixture
def row(lab: Lab) -> DatasetVersion:
    return make_version(lab, state=Row.State.QUEUED)


@pytest.fixture(autouse=True)
def worker_goes_on() -> Iterator[None]:
    yield
    supervisor.shutting_down.clear()


def command(plan: Path) -> list[str]:
    return [sys.executable, str(CHILD), str(plan)]


def scripted(*steps: dict[str, Any]) -> type[Scripted]:
    return type("Scripted", (Scripted,), {"steps": list(steps), "heard_events": []})


def do(row: DatasetVersion, *steps: dict[str, Any], timing: Timing = QUICK) -> DatasetVersion:
    """Supervise these steps to their end; the row as it is afterwards."""
    assert supervise(scripted(*steps), row.pk, timing, command)
    return Row.objects.get(pk=row.pk)


def meanwhile(row: DatasetVersion, kind: type[Scripted], act: Callable[[], object], timing: Timing = QUICK) -> Row:
    """Supervise, and act once the child has said its first word."""
    thread = threading.Thread(target=supervise, args=(kind, row.pk, timing, command))
    thread.start()
    wait_until(lambda: bool(kind.heard_events))
    act()
    thread.join(30)
    assert not thread.is_alive()
    return Row.objects.get(pk=row.pk)


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def word(number: int = 0) -> dict[str, Any]:
    return {"say": {"event": "progress", "current": number, "max": 9}}


def runs(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- a good end -------------------------------------------------------------------------------------------------
def test_everything_the_child_says_is_heard_in_order_and_its_result_ends_the_work(row: DatasetVersion) -> None:
    kind = scripted(*(word(number) for number in range(50)), RESULT)
    assert supervise(kind, row.pk, QUICK, command)
    assert [event["current"] for event in kind.heard_events[:-1]] == list(range(50))  # type: ignore[typeddict-item]
    row.refresh_from_db()
    assert (row.state, row.lease_owner) == ("ready", None)


def test_words_that_are_no_events_are_passed_over(row: DatasetVersion) -> None:
    done = do(row, {"print": "hello"}, {"print": '{"event": "prog'}, {"print": "[1]"}, RESULT)
    assert done.state == "ready"


def test_a_row_that_is_done_is_not_worked_on_again(row: DatasetVersion) -> None:
    do(row, RESULT)
    assert not supervise(scripted(RESULT), row.pk, QUICK, command)


def test_a_task_delivered_to_several_workers_at_once_does_the_work_once(row: DatasetVersion) -> None:
    kind = scripted(word(), {"sleep": 0.3}, RESULT)
    claimed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: claimed.append(supervise(kind, row.pk, QUICK, command))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [False, False, False, True]
    row.refresh_from_db()
    assert (row.state, row.fence) == ("ready", 1)


def test_nothing_of_the_childs_group_is_left_after_the_end(row: DatasetVersion, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    done = do(row, {"grandchild": str(note)}, RESULT)
    assert done.state == "ready"
    assert not runs(int(note.read_text()))


# --- a bad end --------------------------------------------------------------------------------------------------
def test_an_error_with_a_sentence_fails_the_row_with_its_code_and_sentence(row: DatasetVersion) -> None:
    error = {"event": "error", "code": "bad_dataset", "message": "There is nothing in it."}
    done = do(row, {"say": error}, {"exit": 1})
    assert (done.state, done.error_code, done.error_message) == ("rejected", "bad_dataset", "There is nothing in it.")


def test_a_crash_leaves_the_row_to_be_claimed_at_once_with_the_last_lines_of_the_log(row: DatasetVersion) -> None:
    done = do(row, {"complain": "Traceback: something broke"}, {"exit": 1})
    assert (done.state, done.attempts, done.lease_owner) == ("interrupted", 1, None)
    assert "exit status 1" in done.error_message
    assert "something broke" in done.error_message
    assert Row.claim(row.pk, new_owner(), "ingesting") is not None


def test_an_end_without_a_result_is_a_crash(row: DatasetVersion) -> None:
    assert do(row, word()).state == "interrupted"


def test_a_row_that_ends_three_times_without_an_advance_fails_with_a_sentence(row: DatasetVersion) -> None:
    for _ in range(MAX_ATTEMPTS):
        done = do(row, {"kill": signal.SIGKILL})
    assert (done.state, done.error_code) == ("rejected", "ended_too_often")
    assert "3 times" in done.error_message
    assert "memory" in done.error_message
    assert "SIGKILL" in done.error_message
    assert not supervise(scripted(RESULT), row.pk, QUICK, command)


def test_what_the_child_said_before_it_was_killed_still_counts(row: DatasetVersion) -> None:
    kind = scripted(*(word(number) for number in range(20)), {"kill": signal.SIGKILL})
    supervise(kind, row.pk, QUICK, command)
    assert len(kind.heard_events) == 20


def test_a_plan_that_cannot_be_made_fails_the_row(row: DatasetVersion) -> None:
    class Planless(Scripted):
        def plan(self) -> Any:
            raise GoneError("The upload is gone.")

    supervise(Planless, row.pk, QUICK, command)
    row.refresh_from_db()
    assert (row.state, row.error_code, row.error_message) == ("rejected", "gone", "The upload is gone.")


def test_a_defect_of_the_worker_ends_the_child_and_counts_as_an_attempt(row: DatasetVersion, tmp_path: Path) -> None:
    note = tmp_path / "pid"

    class Broken(Scripted):
        steps: ClassVar[list[dict[str, Any]]] = [{"note": str(note)}, word(), {"sleep": 60}]

        def heard(self, event: Event) -> None:
            raise KeyError("oops")

    supervise(Broken, row.pk, QUICK, command)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("interrupted", 1)
    assert "KeyError" in row.error_message
    assert not runs(int(note.read_text()))


def test_a_child_that_falls_silent_is_ended_and_its_stacks_are_in_the_log(row: DatasetVersion) -> None:
    timing = Timing(rhythm=QUICK.rhythm, stall_floor_s=0.8, stall_factor=1.0, poll_s=0.02)
    done = do(row, word(), {"sleep": 60}, timing=timing)
    assert (done.state, done.error_code) == ("interrupted", "stalled")
    assert "hung" in done.error_message
    log = (storage.version_folder(row.pk, 1) / "log.txt").read_text()
    assert "Fatal Python error: Aborted" in log
    assert "scripted_child.py" in log


def test_a_child_that_only_closes_its_mouth_is_waited_for(row: DatasetVersion) -> None:
    assert do(row, RESULT, {"close": True}, {"sleep": 0.5}).state == "ready"


# --- what people ask for ----------------------------------------------------------------------------------------
def ask(row: DatasetVersion, **wish: bool) -> Callable[[], object]:
    return lambda: Row.objects.filter(pk=row.pk).update(**wish)


def test_a_request_to_stop_lets_the_child_save_and_leave(row: DatasetVersion) -> None:
    kind = scripted({"on_term": "save"}, word(), {"sleep": 60})
    done = meanwhile(row, kind, ask(row, stop_requested=True))
    assert done.error_code == "stopped"
    assert kind.heard_events[-1]["current"] == 99  # type: ignore[typeddict-item]  # said while it saved


def test_a_fault_while_it_saves_is_not_hidden_by_the_request_to_stop(row: DatasetVersion) -> None:
    error = {"event": "error", "code": "disk_full", "message": "There is no room for a checkpoint."}
    kind = scripted({"on_term": "ignore"}, word(), {"sleep": 0.5}, {"say": error}, {"exit": 1})
    done = meanwhile(row, kind, ask(row, stop_requested=True))
    assert (done.state, done.error_code) == ("rejected", "disk_full")


def test_a_child_that_does_not_leave_when_asked_is_killed_after_the_grace(row: DatasetVersion) -> None:
    kind = scripted({"on_term": "ignore"}, word(), {"sleep": 60})
    began = time.monotonic()
    done = meanwhile(row, kind, ask(row, stop_requested=True))
    assert done.error_code == "stopped"
    assert 1.0 < time.monotonic() - began < 10


def test_a_request_to_cancel_kills_the_whole_group_at_once(row: DatasetVersion, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    kind = scripted({"on_term": "ignore"}, {"grandchild": str(note)}, word(), {"sleep": 60})
    began = time.monotonic()
    done = meanwhile(row, kind, ask(row, cancel_requested=True))
    assert (done.state, done.error_code) == ("rejected", "cancelled")
    assert time.monotonic() - began < 5
    assert not runs(int(note.read_text()))


def test_a_worker_that_is_told_to_end_gives_the_row_back_and_the_attempt_does_not_count(row: DatasetVersion) -> None:
    kind = scripted({"on_term": "save"}, word(), {"sleep": 60})
    done = meanwhile(row, kind, supervisor.shutting_down.set)
    assert (done.state, done.attempts, done.lease_owner) == ("queued", 0, None)


# --- the lease --------------------------------------------------------------------------------------------------
def test_the_lease_is_renewed_for_as_long_as_the_child_works(row: DatasetVersion) -> None:
    kind = scripted(word(), {"sleep": 1.0}, RESULT)
    seen: list[Any] = []

    def watch() -> None:
        for _ in range(4):
            seen.append(Row.objects.get(pk=row.pk).lease_expires_at)
            time.sleep(0.25)

    meanwhile(row, kind, watch)
    assert len(set(seen)) >= 3


def test_a_supervisor_whose_row_was_taken_over_kills_its_child_and_writes_nothing(
    row: DatasetVersion, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    kind = scripted({"note": str(note)}, word(), {"sleep": 60})

    def take_over() -> None:
        Row.objects.filter(pk=row.pk).update(lease_expires_at=Now() - timedelta(seconds=1), heartbeat_at=None)
        wait_until(lambda: Row.claim(row.pk, "another worker", "ingesting") is not None or expire(row))

    done = meanwhile(row, kind, take_over)
    assert (done.state, done.fence, done.lease_owner) == ("ingesting", 2, "another worker")
    assert not runs(int(note.read_text()))


def test_a_child_is_ended_in_time_even_while_its_supervisor_waits_for_something_else(
    row: DatasetVersion, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    stuck, go_on = threading.Event(), threading.Event()

    class Stuck(Scripted):
        steps: ClassVar[list[dict[str, Any]]] = [{"note": str(note)}, word(), {"sleep": 60}]

        def heard(self, event: Event) -> None:
            stuck.set()
            go_on.wait(20)

    thread = threading.Thread(target=supervise, args=(Stuck, row.pk, QUICK, command))
    thread.start()
    assert stuck.wait(10)
    wait_until(lambda: expire(row) or Row.claim(row.pk, "another worker", "ingesting") is not None)
    wait_until(lambda: not runs(int(note.read_text())), 5)
    assert not go_on.is_set()
    go_on.set()
    thread.join(10)


def expire(row: DatasetVersion) -> bool:
    """Against the renewals of the holder; always False."""
    Row.objects.filter(pk=row.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    return False


def test_a_supervisor_that_cannot_reach_the_database_ends_its_child_before_the_lease_ends(
    row: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pid"
    kind = scripted({"note": str(note)}, word(), {"sleep": 60})
    down = threading.Event()

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if down.is_set() and threading.current_thread() is not threading.main_thread():
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    connected = BaseDatabaseWrapper.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        connected(self, *args, **kwargs)
        self.execute_wrappers.append(refuse)

    monkeypatch.setattr(BaseDatabaseWrapper, "__init__", init)
    began = time.monotonic()

    def cut() -> None:
        down.set()
        wait_until(lambda: not runs(int(note.read_text())))

    done = meanwhile(row, kind, cut)
    assert 0.9 < time.monotonic() - began < 10
    assert (done.state, done.fence) == ("ingesting", 1)


def test_writes_are_tried_again_while_the_database_is_busy_and_nothing_said_is_lost(row: DatasetVersion) -> None:
    class Unlucky(Scripted):
        steps: ClassVar[list[dict[str, Any]]] = [word(number) for number in range(5)] + [RESULT]
        heard_events: ClassVar[list[Event]] = []
        refusals: ClassVar[Iterator[bool]] = iter([True, False, True, True, False] + [False] * 20)

        def heard(self, event: Event) -> None:
            if next(self.refusals):
                raise OperationalError("database is locked")
            super().heard(event)

    assert supervise(Unlucky, row.pk, QUICK, command)
    assert [event.get("current") for event in Unlucky.heard_events] == [0, 1, 2, 3, 4, None]


def test_a_late_attempt_cannot_finish_what_another_has_taken(row: DatasetVersion) -> None:
    late = Row.claim(row.pk, new_owner(), "ingesting")
    assert late is not None
    expire(row)
    assert do(row, RESULT).state == "ready"
    with pytest.raises(LeaseLostError):
        Scripted(late).finish()


def test_a_child_dies_with_the_process_that_started_it(row: DatasetVersion, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"steps": [{"note": str(note)}, {"sleep": 60}]}))
    code = (
        "import sys, time; from pathlib import Path; from workers.child import Child\n"
        f"Child([{sys.executable!r}, {str(CHILD)!r}, {str(plan)!r}], Path({str(tmp_path / 'log')!r}), {{}})\n"
        "time.sleep(60)"
    )
    worker = subprocess.Popen([sys.executable, "-c", code])
    try:
        wait_until(lambda: note.exists() and note.read_text() != "")
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: not runs(int(note.read_text())), 5)
    finally:
        worker.kill()
        worker.wait()


def test_threads_and_connections_are_given_back(row: DatasetVersion) -> None:
    before = threading.active_count()
    do(row, word(), RESULT)
    wait_until(lambda: threading.active_count() <= before, 5)
    connections.close_all()

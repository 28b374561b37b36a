"""The reconciler: one leader, abandoned rows settled, waiting rows rung."""

import threading
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import connections
from django.db.models.functions import Now

from tests.worlds import make_version
from webapp.accounts.models import Lab, Person
from webapp.core import reconciler, storage
from webapp.core.leases import MAX_ATTEMPTS, new_owner
from webapp.core.models import Leadership
from webapp.core.reconciler import Duty, Reconciler
from webapp.datasets.models import DatasetVersion, Upload
from webapp.datasets.services.interruptions import settle_abandoned_version
from workers import tasks

pytestmark = pytest.mark.django_db
Row = DatasetVersion
DUTY = Duty(DatasetVersion, "datasets.ingest", settle_abandoned_version)


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The rows that were rung; Redis itself is left out of these tests."""
    rung: list[UUID] = []

    def ring(task: str, pk: UUID) -> bool:
        rung.append(pk)
        return True

    monkeypatch.setattr(reconciler, "ring", ring)
    return rung


@pytest.fixture
def row(lab: Lab) -> DatasetVersion:
    return make_version(lab, state=Row.State.QUEUED)


def held(row: DatasetVersion) -> DatasetVersion:
    mine = Row.claim(row.pk, new_owner(), "ingesting")
    assert mine is not None
    return mine


def expire(row: DatasetVersion) -> None:
    Row.objects.filter(pk=row.pk).update(lease_expires_at=Now() - timedelta(seconds=1))


def test_of_two_reconcilers_one_leads_until_it_falls_silent(bells: list[UUID]) -> None:
    first, second = Reconciler([DUTY]), Reconciler([DUTY])
    assert [first.round(), second.round(), first.round(), second.round()] == [True, False, True, False]
    Leadership.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert [second.round(), first.round()] == [True, False]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_start_at_the_same_moment_one_leads(bells: list[UUID]) -> None:
    together, led = threading.Barrier(6, timeout=60), []

    def start() -> None:
        one = Reconciler([DUTY])
        together.wait()
        try:
            led.append(one.round())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(led) == [False] * 5 + [True]


def test_a_row_whose_worker_vanished_is_interrupted_and_rung_in_the_same_round(
    row: DatasetVersion, bells: list[UUID]
) -> None:
    held(row)
    expire(row)
    Reconciler([DUTY]).round()
    row.refresh_from_db()
    assert (row.state, row.lease_owner) == ("interrupted", None)
    assert bells == [row.pk]


def test_a_row_that_is_worked_on_is_left_alone(row: DatasetVersion, bells: list[UUID]) -> None:
    held(row)
    Reconciler([DUTY]).round()
    row.refresh_from_db()
    assert (row.state, bells) == ("ingesting", [])


def test_a_row_whose_worker_vanished_too_often_fails_with_a_sentence(row: DatasetVersion, bells: list[UUID]) -> None:
    for _ in range(MAX_ATTEMPTS):
        held(row)
        expire(row)
        Reconciler([DUTY]).round()
        Leadership.objects.all().delete()
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("rejected", "ended_too_often")
    assert "3 times" in row.error_message
    assert len(bells) == MAX_ATTEMPTS - 1


def test_a_row_that_was_never_rung_is_rung_and_then_left_in_peace_for_a_minute(
    row: DatasetVersion, bells: list[UUID]
) -> None:
    one = Reconciler([DUTY])
    for _ in range(3):
        one.round()
    assert bells == [row.pk]
    Row.objects.filter(pk=row.pk).update(rung_at=Now() - timedelta(seconds=61))
    one.round()
    assert bells == [row.pk, row.pk]


def test_rows_are_rung_in_the_order_they_came(lab: Lab, bells: list[UUID]) -> None:
    rows = [make_version(lab, state=Row.State.QUEUED) for _ in range(4)]
    Reconciler([DUTY]).round()
    assert bells == [row.pk for row in rows]


def test_a_dead_redis_is_asked_once_a_round_and_the_rows_stay_to_be_rung(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [make_version(lab, state=Row.State.QUEUED) for _ in range(3)]
    asked: list[UUID] = []

    def deaf(task: str, pk: UUID) -> bool:
        asked.append(pk)
        return False

    monkeypatch.setattr(reconciler, "ring", deaf)
    one = Reconciler([DUTY])
    one.round()
    assert asked == [rows[0].pk]
    assert not Row.objects.filter(rung_at__isnull=False).exists()
    monkeypatch.setattr(reconciler, "ring", lambda task, pk: bool(asked.append(pk)) or True)
    one.round()
    assert asked[1:] == [row.pk for row in rows]


@pytest.mark.parametrize("state", ["ready", "rejected"])
def test_a_row_that_is_done_is_not_rung(row: DatasetVersion, bells: list[UUID], state: str) -> None:
    Row.objects.filter(pk=row.pk).update(state=state)
    Reconciler([DUTY]).round()
    assert bells == []


def test_every_kind_of_leased_row_has_a_task_a_queue_and_somebody_who_settles_it() -> None:
    from django.apps import apps

    from webapp.celery import app
    from webapp.core.leases import Leased
    from workers.tasks import KINDS, SETTLE

    leased = {model for model in apps.get_models() if issubclass(model, Leased)}
    assert {kind.model for kind in KINDS.values()} == leased
    assert set(SETTLE) == set(KINDS) == set(app.conf.task_routes)
    assert set(KINDS) <= set(app.tasks)


def test_the_leader_tidies_up_now_and_then_and_a_file_in_the_way_does_not_end_its_rounds(
    bells: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def in_the_way() -> None:
        done.append("tried")
        raise PermissionError("a file cannot be removed")

    first, second = (Reconciler([], [in_the_way, lambda: done.append("tidied")]) for _ in range(2))
    assert [first.round(), second.round(), first.round()] == [True, False, True]
    assert done == ["tried", "tidied"]
    monkeypatch.setattr(reconciler, "CHORES_EVERY_S", 0.0)
    first._chores_due_at = 0.0
    assert first.round()
    assert first.round()
    assert done == ["tried", "tidied"] * 3


def test_every_worker_s_reconciler_removes_uploads_that_nobody_goes_on_with(
    lab: Lab, researcher: Person, bells: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Upload.objects.create(lab=lab, person=researcher, file_name="a.zip", size_bytes=9)
    Upload.objects.update(touched_at=Now() - timedelta(hours=73))
    path = storage.upload_file(upload.pk)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"abc")
    made: list[Reconciler] = []
    monkeypatch.setattr(tasks, "Watch", lambda kinds, reconciler: made.append(reconciler) or SimpleNamespace(start=int))
    monkeypatch.setattr(tasks, "_watches", [])
    tasks.begin(SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=["io"])))))
    assert made[0].round()
    upload.refresh_from_db()
    assert upload.state == Upload.State.EXPIRED
    assert not path.exists()

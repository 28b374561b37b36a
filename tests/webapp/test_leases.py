"""The lease: one holder at a time, decided by the database alone."""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import Q
from django.db.models.functions import Now

from tests.worlds import make_version
from webapp.accounts.models import Lab
from webapp.core.leases import MAX_ATTEMPTS, LeaseLostError, new_owner
from webapp.datasets.models import DatasetVersion

pytestmark = pytest.mark.django_db(transaction=True)
Row = DatasetVersion
INGESTING = Row.State.INGESTING


@pytest.fixture
def row(lab: Lab) -> DatasetVersion:
    """A row that waits for a worker."""
    return make_version(lab, state=Row.State.QUEUED)


def claim(row: DatasetVersion, owner: str = "") -> DatasetVersion | None:
    return Row.claim(row.pk, owner or new_owner(), INGESTING)


def held(row: DatasetVersion) -> DatasetVersion:
    """The row, claimed."""
    mine = claim(row)
    assert mine is not None
    return mine


def expire(row: DatasetVersion) -> None:
    Row.objects.filter(pk=row.pk).update(lease_expires_at=Now() - timedelta(seconds=1))


def in_threads(count: int, work: Callable[[], None]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- claiming ---------------------------------------------------------------------------------------------------
def test_a_claim_raises_the_fence_and_holds_the_row_for_thirty_seconds_of_the_database_clock(
    row: DatasetVersion,
) -> None:
    mine = held(row)
    assert (mine.fence, mine.attempts, mine.state) == (1, 1, INGESTING)
    left = Row.objects.annotate(left=mine_left()).get(pk=row.pk).left  # type: ignore[attr-defined]
    assert timedelta(seconds=28) < left <= timedelta(seconds=30)


def mine_left() -> object:
    from django.db.models import DurationField, ExpressionWrapper, F

    return ExpressionWrapper(F("lease_expires_at") - Now(), output_field=DurationField())


def test_a_row_that_somebody_holds_cannot_be_claimed(row: DatasetVersion) -> None:
    mine = held(row)
    assert claim(row) is None
    row.refresh_from_db()
    assert (row.fence, row.lease_owner) == (mine.fence, mine.lease_owner)


def test_of_many_threads_exactly_one_gets_each_row(lab: Lab) -> None:
    rows = [make_version(lab, state=Row.State.QUEUED) for _ in range(5)]
    won: list[uuid.UUID] = []
    together = threading.Barrier(6, timeout=60)  # fewer than a process may have connections

    def work() -> None:
        for row in rows:
            together.wait()
            if claim(row) is not None:
                won.append(row.pk)

    in_threads(6, work)
    assert Counter(won) == Counter(row.pk for row in rows)
    assert set(Row.objects.values_list("fence", "attempts")) == {(1, 1)}


CLAIMER = """
import json, sys, time, uuid
from django.conf import settings
import webapp.settings
name, rows, start = json.loads(sys.argv[1])
webapp.settings.DATABASES["default"]["NAME"] = name
import django; django.setup()
from webapp.core.leases import new_owner
from webapp.datasets.models import DatasetVersion
DatasetVersion.objects.count()
while time.time() < start:
    time.sleep(0.001)
print(json.dumps([pk for pk in rows if DatasetVersion.claim(uuid.UUID(pk), new_owner(), "ingesting")]))
"""


def test_of_several_processes_exactly_one_gets_each_row(lab: Lab) -> None:
    rows = [str(make_version(lab, state=Row.State.QUEUED).pk) for _ in range(40)]
    import time

    arguments = json.dumps([str(connection.settings_dict["NAME"]), rows, time.time() + 6])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    claimers = [
        subprocess.Popen([sys.executable, "-c", CLAIMER, arguments], env=environment, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    won = [json.loads(claimer.communicate(timeout=60)[0]) for claimer in claimers]
    assert Counter(pk for part in won for pk in part) == Counter(rows)


def test_a_row_whose_holder_vanished_can_be_claimed_again_under_a_higher_fence(row: DatasetVersion) -> None:
    first = held(row)
    expire(row)
    second = held(row)
    assert second.fence == first.fence + 1
    assert second.attempts == 2


def test_an_active_row_that_never_had_a_lease_can_be_claimed(row: DatasetVersion) -> None:
    Row.objects.filter(pk=row.pk).update(state=INGESTING, lease_expires_at=None)
    assert claim(row) is not None


@pytest.mark.parametrize("state", ["ready", "rejected"])
def test_a_row_that_is_done_cannot_be_claimed(row: DatasetVersion, state: str) -> None:
    Row.objects.filter(pk=row.pk).update(state=state)
    assert claim(row) is None


@pytest.mark.parametrize("asked", [{"stop_requested": True}, {"cancel_requested": True}, {"attempts": MAX_ATTEMPTS}])
def test_a_row_that_must_not_start_again_is_not_due(row: DatasetVersion, asked: dict[str, object]) -> None:
    Row.objects.filter(pk=row.pk).update(**asked)
    assert claim(row) is None


# --- holding ----------------------------------------------------------------------------------------------------
def test_renewing_extends_the_lease_and_tells_what_people_asked_for(row: DatasetVersion) -> None:
    mine = held(row)
    expire(row)
    Row.objects.filter(pk=row.pk).update(stop_requested=True)
    fresh = mine.renew()
    assert fresh.stop_requested
    assert claim(row) is None


def test_who_lost_the_row_can_neither_renew_nor_write_nor_release(row: DatasetVersion) -> None:
    late = held(row)
    expire(row)
    now = held(row)
    for attempt in (late.renew, lambda: late.write(num_images=5), lambda: late.release("ready")):
        with pytest.raises(LeaseLostError):
            attempt()
    row.refresh_from_db()
    assert (row.num_images, row.state, row.fence) == (0, INGESTING, now.fence)


def test_a_holder_whose_lease_ran_out_unnoticed_may_still_write(row: DatasetVersion) -> None:
    mine = held(row)
    expire(row)
    mine.write(num_images=5)
    row.refresh_from_db()
    assert row.num_images == 5


def test_releasing_ends_the_hold_with_the_last_columns_in_one_statement(row: DatasetVersion) -> None:
    mine = held(row)
    mine.release("ready", num_images=7)
    row.refresh_from_db()
    assert (row.state, row.num_images, row.lease_owner) == ("ready", 7, None)
    with pytest.raises(LeaseLostError):
        mine.write(num_images=8)


def test_a_write_with_a_condition_that_does_not_hold_writes_nothing(row: DatasetVersion) -> None:
    mine = held(row)
    assert mine.try_write(Q(cancel_requested=True), num_images=5) == 0
    row.refresh_from_db()
    assert row.num_images == 0


# --- settling what was abandoned --------------------------------------------------------------------------------
def test_an_abandoned_row_is_taken_back_once_and_its_late_holder_can_write_nothing(row: DatasetVersion) -> None:
    late = held(row)
    expire(row)
    seen = [Row.objects.get(pk=row.pk) for _ in range(2)]
    assert [one.take_back("interrupted") for one in seen] == [True, False]
    with pytest.raises(LeaseLostError):
        late.write(num_images=5)
    assert claim(row) is not None


def test_a_row_that_is_held_is_not_taken_back(row: DatasetVersion) -> None:
    mine = held(row)
    assert not mine.take_back("interrupted")


def test_of_a_claim_and_a_settlement_at_once_only_one_succeeds(lab: Lab) -> None:
    for _ in range(10):
        row = make_version(lab, state=Row.State.QUEUED)
        held(row)
        expire(row)
        seen = Row.objects.get(pk=row.pk)
        outcomes: list[bool] = []
        together = threading.Barrier(2, timeout=60)

        def settle(
            seen: DatasetVersion = seen, together: threading.Barrier = together, outcomes: list[bool] = outcomes
        ) -> None:
            together.wait()
            outcomes.append(seen.take_back("rejected"))

        def take(
            row: DatasetVersion = row, together: threading.Barrier = together, outcomes: list[bool] = outcomes
        ) -> None:
            together.wait()
            outcomes.append(claim(row) is not None)

        works: Iterator[Callable[[], None]] = iter([settle, take])
        in_threads(2, lambda works=works: next(works)())  # type: ignore[misc]
        assert sorted(outcomes) == [False, True]

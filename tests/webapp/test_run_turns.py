"""Whose run starts next, and how many one person may have."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models.functions import Now
from rest_framework.test import APIClient

from tests.worlds import QUICK, make_dataset, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core.leases import new_owner
from webapp.datasets.models import DatasetVersion
from webapp.runs.models import Run, RunState
from webapp.runs.services import attempt, control

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return make_dataset(lab)


@pytest.fixture
def people(lab: Lab, member: Callable[..., Person]) -> dict[str, Person]:
    return {name: member(lab, "researcher", name) for name in ("Ada", "Ben", "Cleo")}


def queue(version: DatasetVersion, people: dict[str, Person], *names: str) -> list[Run]:
    """A run of each of these people, in this order, called by the person and a number."""
    runs = []
    for name in names:
        run = queue_run(version, people[name])
        run.name = f"{name}{Run.objects.filter(created_by=people[name]).count()}"
        run.save(update_fields=["name"])
        runs.append(run)
    return runs


def take() -> Run:
    """What a free worker takes."""
    due = Run.next_due()
    assert due is not None
    run = Run.claim(due.pk, new_owner(), RunState.PREPARING)
    assert run is not None
    return run


def test_one_worker_serves_three_people_in_turn_however_much_the_first_has_queued(
    version: DatasetVersion, people: dict[str, Person]
) -> None:
    queue(version, people, "Ada", "Ada", "Ada", "Ada", "Ben", "Cleo", "Ben")
    served = []
    while Run.next_due() is not None:
        run = take()
        served.append(run.name)
        attempt.failed_run(run, "x", "It ended.")
    assert served == ["Ada1", "Ben1", "Cleo1", "Ada2", "Ben2", "Ada3", "Ada4"]


def test_several_workers_are_shared_out_and_who_has_none_comes_first(
    version: DatasetVersion, people: dict[str, Person]
) -> None:
    queue(version, people, "Ada", "Ada", "Ada")
    assert [take().name, take().name] == ["Ada1", "Ada2"]  # nobody else wants anything
    queue(version, people, "Ben", "Cleo")
    assert [take().name for _ in range(3)] == ["Ben1", "Cleo1", "Ada3"]


def test_what_was_under_way_goes_on_before_anything_new(version: DatasetVersion, people: dict[str, Person]) -> None:
    queue(version, people, "Ada")
    begun = take()
    queue(version, people, "Ben")
    attempt.interrupted_run(begun, "interrupted", "Its process was killed.")
    assert take().pk == begun.pk
    Run.objects.filter(pk=begun.pk).update(lease_expires_at=Now() - timedelta(seconds=1))  # its worker vanished
    assert take().pk == begun.pk


def test_nobody_has_more_runs_at_work_than_the_limit_and_the_next_starts_when_one_ends(
    version: DatasetVersion, people: dict[str, Person], settings: Any
) -> None:
    settings.RUNS_AT_WORK_PER_PERSON = 2
    queue(version, people, "Ada", "Ada", "Ada", "Ben")
    first = take()
    assert [take().name, take().name] == ["Ben1", "Ada2"]
    assert Run.next_due() is None
    waiting = Run.objects.get(name="Ada3")
    assert Run.claim(waiting.pk, new_owner(), RunState.PREPARING) is None, "a claim holds the limit, too"
    attempt.failed_run(first, "x", "It ended.")
    assert take().pk == waiting.pk


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_moment_do_not_start_one_run_too_many(
    version: DatasetVersion, people: dict[str, Person], settings: Any
) -> None:
    settings.RUNS_AT_WORK_PER_PERSON = 1
    waiting = queue(version, people, *["Ada"] * 6)
    claimed: list[Run | None] = []
    barrier = threading.Barrier(len(waiting))

    def claim(run: Run) -> None:
        barrier.wait(10)
        try:
            claimed.append(Run.claim(run.pk, new_owner(), RunState.PREPARING))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim, args=(run,)) for run in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(run is not None for run in claimed) == 1


def test_one_run_too_many_in_the_queue_is_refused_with_the_sentence_before_and_at_the_start(
    client_of: ClientOf, version: DatasetVersion, people: dict[str, Person], settings: Any
) -> None:
    settings.RUNS_WAITING_PER_PERSON = 2
    ada, ben = client_of(people["Ada"]), client_of(people["Ben"])
    body = {"version": str(version.pk), "recipe": QUICK}
    runs = [ada.post("/api/v1/runs/", body, format="json").json()["id"] for _ in range(2)]
    refused = ada.post("/api/v1/runs/", body, format="json")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_waiting")
    assert refused.json()["message"].startswith("2 of your runs are waiting already, and 2 may")
    assert int(refused.headers["Retry-After"]) > 0
    (problem,) = ada.post("/api/v1/runs/validate/", body, format="json").json()["problems"]
    assert (problem["code"], problem["message"]) == ("too_many_waiting", refused.json()["message"])
    assert ben.post("/api/v1/runs/", body, format="json").status_code == 201
    stopped = control.stop_run(Run.objects.get(pk=runs[0]))
    assert ada.post("/api/v1/runs/", body, format="json").status_code == 201
    assert ada.post(f"/api/v1/runs/{stopped.pk}/resume/", {}, format="json").status_code == 429

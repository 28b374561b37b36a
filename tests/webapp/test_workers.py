"""The page of workers says who is here, what each holds and how much is taken, and of other labs only that they do."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Membership, Person
from webapp.celery import app
from webapp.core.leases import Leased, holder_in, new_owner, own_name
from webapp.exports.models import Export
from webapp.gallery.models import Edit, Selection
from webapp.runs.models import Run, RunState
from webapp.upkeep.models import Worker
from webapp.upkeep.selectors.workers import LAB_PATHS, QUEUES
from webapp.upkeep.services import workers
from webapp.upkeep.services.workers import gpus, machine_memory, read_gpus, say_gone, say_here
from workers.tasks import KINDS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
TWO_GPUS = """GPU-aaaa, 0, NVIDIA H200, 143771, 1024, 37
GPU-bbbb, 1, NVIDIA H200, 143771, [N/A], [N/A]
"""


@pytest.fixture
def staff(member: Callable[..., Person]) -> Person:
    """Who runs the server, and is in no lab."""
    person = member()
    person.is_staff = True
    person.save()
    return person


def told(client: APIClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/api/v1/workers/").json()
    return answer


def test_a_worker_is_there_once_it_says_so_and_gone_when_it_says_that(client_of: ClientOf, staff: Person) -> None:
    client = client_of(staff)
    assert told(client)["workers"] == []
    assert [queue["num_workers"] for queue in told(client)["queues"]] == [0, 0]
    say_here(["io"])
    say_here(["io"])
    (worker,) = told(client)["workers"]
    assert (worker["name"], worker["pid"], worker["queues"]) == (own_name(), os.getpid(), ["io"])
    assert (worker["is_here"], worker["works_on"], worker["devices"]) == (True, [], [])
    assert 0 < worker["free_bytes"] <= worker["memory_bytes"] == machine_memory()[0]
    assert {queue["name"]: queue["num_workers"] for queue in told(client)["queues"]} == {"compute": 0, "io": 1}
    say_gone()
    assert told(client)["workers"] == []


def test_everybody_learns_whether_anybody_is_there_to_take_what_waits_and_nothing_of_the_machines(
    client_of: ClientOf, staff: Person, lab: Lab, viewer: Person
) -> None:
    queue_run(make_dataset(lab), viewer)
    say_here(["compute"])
    told_to_all = client_of(viewer).get("/api/v1/workers/queues/").json()
    assert told_to_all == [
        {"name": "compute", "waiting": 1, "num_workers": 1},
        {"name": "io", "waiting": 0, "num_workers": 0},
    ]
    assert told_to_all == told(client_of(staff))["queues"]
    assert client_of(viewer).get("/api/v1/workers/").status_code == 403


def test_one_without_a_word_is_silent_and_then_forgotten(client_of: ClientOf, staff: Person) -> None:
    say_here(["compute"])
    rows = Worker.objects.filter(name=own_name())
    rows.update(name="gone:1", seen_at=Now() - timedelta(minutes=2))
    say_here(["io"])
    assert {one["name"]: one["is_here"] for one in told(client_of(staff))["workers"]} == {
        "gone:1": False,
        own_name(): True,
    }
    assert {one["name"]: one["num_workers"] for one in told(client_of(staff))["queues"]} == {"compute": 0, "io": 1}
    Worker.objects.filter(name="gone:1").update(seen_at=Now() - timedelta(hours=2))
    say_here(["io"])
    assert [one["name"] for one in told(client_of(staff))["workers"]] == [own_name()]


def test_what_it_holds_is_named_to_the_lab_s_own_people_and_counted_for_others(
    client_of: ClientOf, staff: Person, lab: Lab, researcher: Person
) -> None:
    version = make_dataset(lab)
    run, waiting = queue_run(version, researcher), queue_run(version, researcher)
    say_here(["compute"])
    client = client_of(staff)
    assert told(client)["queues"][0] == {"name": "compute", "waiting": 2, "num_workers": 1}
    assert Run.claim(run.pk, new_owner(), RunState.PREPARING) is not None
    piece = told(client)["workers"][0]["works_on"][0]
    assert (piece["noun"], piece["id"], piece["name"], piece["lab"]) == ("run", None, None, lab.name)
    assert (piece["state"], told(client)["queues"][0]["waiting"]) == ("preparing", 1)
    Membership.objects.create(lab=lab, person=staff, role="viewer")
    piece = told(client)["workers"][0]["works_on"][0]
    assert (piece["id"], piece["name"]) == (str(run.pk), str(run))
    Run.objects.filter(pk=run.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    assert told(client)["workers"][0]["works_on"] == [], "a lease that ran out is nobody's"
    assert str(waiting.pk) not in str(told(client))


def test_every_kind_of_work_can_be_told(client_of: ClientOf, staff: Person, lab: Lab) -> None:
    Membership.objects.create(lab=lab, person=staff, role="viewer")
    pool = make_pool(queue_run(make_dataset(lab), None))
    selection = Selection.objects.get(pool=pool)
    export = Export.objects.create(version=pool.run.version, selection=selection)
    edit = Edit.objects.create(run=pool.run, image=0, attributes=["bar"])
    say_here(["io"])
    rows: list[Leased] = [pool.run, pool.run.version, selection, edit, export]
    for row in rows:
        held = {"lease_owner": new_owner(), "lease_expires_at": Now() + timedelta(seconds=30)}
        type(row)._default_manager.filter(pk=row.pk).update(state=row.ACTIVE[0], **held)
    pieces = told(client_of(staff))["workers"][0]["works_on"]
    assert {piece["noun"] for piece in pieces} == {"run", "version", "selection", "edit", "export"}
    assert all(piece["name"] and piece["lab"] == lab.name for piece in pieces)


def test_the_queues_are_those_of_celery() -> None:
    routes = app.conf.task_routes
    expected: dict[str, set[type[Leased]]] = {}
    for task, kind in KINDS.items():
        expected.setdefault(routes[task]["queue"], set()).add(kind.model)
    assert {name: set(models) for name, models in QUEUES.items()} == expected
    assert set(LAB_PATHS) == {kind.model for kind in KINDS.values()}


def test_a_claim_says_whose_it_is() -> None:
    assert holder_in(new_owner()) == own_name()
    assert holder_in("") == ""


# --- GPUs -----------------------------------------------------------------------------------------------------------
def test_a_worker_tells_of_the_gpus_that_are_its_own() -> None:
    every = read_gpus(TWO_GPUS, None)
    assert every is not None
    first, second = every
    assert first == {"name": "NVIDIA H200", "memory_bytes": 143771 * 2**20, "used_bytes": 2**30, "busy": 37}
    assert (second["used_bytes"], second["busy"]) == (None, None), "what the driver keeps to itself"
    assert read_gpus(TWO_GPUS, "GPU-bbbb") == read_gpus(TWO_GPUS, "1") == [second]
    assert read_gpus(TWO_GPUS, "0, 1") == every
    assert read_gpus(TWO_GPUS, "MIG-cccc") is None
    assert read_gpus("", None) is None


def test_no_gpu_is_none_and_one_that_cannot_be_asked_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert gpus() == []
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{TWO_GPUS}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpus() == read_gpus(TWO_GPUS, None)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == [], "it was told to use none"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    program.write_text("#!/bin/sh\nexit 9\n")
    assert gpus() is None
    program.write_text("#!/bin/sh\nexec sleep 5\n")
    monkeypatch.setattr(workers, "PATIENCE_S", 0.1)
    assert gpus() is None
    say_here(["compute"])
    assert Worker.objects.get().devices is None

"""A run that its machine's memory ends goes on from its last checkpoint with fewer images at once."""

import sys
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from tests.worlds import make_dataset, queue_run
from webapp.accounts.models import Lab, Person
from webapp.runs.models import Run, RunState
from webapp.runs.selectors import scalars_of
from workers.run import RunWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
SMALL_MEMORY = """
import sys, torch
from ml.feed import Feed
whole = Feed.batch
def batch(self, step, part=0, num_parts=1):
    got = whole(self, step, part, num_parts)
    if step > 25 and len(got.label) > 4:
        raise torch.OutOfMemoryError("out of memory. Tried to allocate 2.00 GiB")
    return got
Feed.batch = batch
from ml.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
"""A child that is as any other, but from step 26 on has memory for four images at once."""


def with_small_memory(plan: Path) -> list[str]:
    return [sys.executable, "-c", SMALL_MEMORY, "work", str(plan)]


def test_it_says_what_to_do_and_goes_on_so(lab: Lab, researcher: Person, client_of: object) -> None:
    run = queue_run(make_dataset(lab), researcher, batch_size=8, num_checkpoints=2)
    assert supervise(RunWork, run.pk, command=with_small_memory)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (RunState.FAILED, "out_of_memory")
    assert "was not enough for 8 images at once at resolution 16; resume with a micro-batch of 4" in run.error_message
    assert list(run.checkpoints.values_list("step", flat=True)) == [20]

    client: APIClient = client_of(researcher)  # type: ignore[operator]
    address = f"/api/v1/runs/{run.pk}/"
    told = client.get(address).json()
    assert (told["smaller_micro_batch"], told["compute"]["micro_batch"]) == (4, None)
    told = client.post(f"{address}resume/", {"compute": {"micro_batch": 3}}, format="json")
    assert (told.status_code, list(told.json()["fields"])) == (400, ["compute.micro_batch"])
    told = client.post(f"{address}resume/", {"compute": {"micro_batch": 4}}, format="json").json()
    assert (told["state"], told["compute"]["micro_batch"], told["smaller_micro_batch"]) == ("queued", 4, None)

    assert supervise(RunWork, run.pk, command=with_small_memory)
    run = Run.objects.get(pk=run.pk)
    assert run.state == RunState.FINISHED, run.error_message
    assert run.step == 40
    assert scalars_of(run)["steps"][-1] == 40
    assert [(warning["code"], "parts 1 -> 2" in warning["message"]) for warning in run.warnings] == [
        ("resume_not_identical", True)
    ]

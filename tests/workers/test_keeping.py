"""Work on a machine whose finished files live in a bucket: what is told, what waits, and what is fetched before."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.object_store import Line
from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import bucket, storage
from webapp.core.bucket import BucketError
from webapp.core.leases import new_owner
from webapp.exports.models import Export
from webapp.exports.services.building import create_export
from webapp.gallery.models import Pool
from webapp.runs.models import Run, RunState
from webapp.runs.services import files
from workers import keeping, supervisor
from workers.export import ExportWork
from workers.run import RunWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is tried twice, nor waited for; the worker goes on afterwards."""
    monkeypatch.setattr(bucket, "TRIES", 1)
    monkeypatch.setattr(keeping, "PAUSE_S", 0.0)
    yield
    supervisor.shutting_down.clear()


@pytest.fixture
def work(line: Line, lab: Lab, researcher: Person) -> RunWork:
    """An attempt of a run, as its worker holds it."""
    mine = Run.claim(queue_run(make_dataset(lab), researcher).pk, new_owner(), RunState.TRAINING)
    assert mine is not None
    return RunWork(mine)


@pytest.fixture
def export(line: Line, lab: Lab, researcher: Person) -> Export:
    """Queued; all that it needs is in the bucket and nothing of it here."""
    pool: Pool = make_pool(queue_run(make_dataset(lab, train=4, val=2, test=1), researcher))
    for name in ("runs", "labs"):
        bucket.push(storage.data_folder() / name)
        shutil.rmtree(storage.data_folder() / name)
    return create_export(pool.selections.get(), None, format="image_folder", content="both", accepted_only=False)


def checkpoint(work: RunWork, step: int) -> tuple[Path, Any]:
    """What the child has written, and what it says of it."""
    file = work.folder / "checkpoints" / f"step-{step:08d}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(os.urandom(500))
    said = {"event": "checkpoint", "step": step, "file": str(file), "sha256": "ab" * 32, "size_bytes": 500}
    return file, {**said, "is_best": step == 1}


def steps(work: RunWork) -> list[int]:
    return list(work.row.checkpoints.order_by("step").values_list("step", flat=True))


def test_a_checkpoint_that_cannot_be_put_stays_untold_and_goes_with_the_next(line: Line, work: RunWork) -> None:
    (first, said), (second, said_next) = checkpoint(work, 1), checkpoint(work, 2)
    line.faults = [503]
    work.heard(said)
    assert (steps(work), first.exists(), bucket.has(first)) == ([], True, False)
    work.heard(said)
    assert steps(work) == [1], "said once more, it is told once"
    line.faults = [503]
    work.heard(said_next)
    work.heard(checkpoint(work, 3)[1])
    assert steps(work) == [1, 2, 3]
    assert all(bucket.has(file) for file in (first, second))


def test_after_a_failure_the_child_is_not_kept_waiting_for_a_while(
    line: Line, work: RunWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSE_S", 60.0)
    line.faults = [503]
    work.heard(checkpoint(work, 1)[1])
    line.sent.clear()
    work.heard(checkpoint(work, 2)[1])
    assert (steps(work), line.sent) == ([], [])
    work.stopped()
    assert steps(work) == [1, 2], "at its end all is told"


def test_a_checkpoint_that_the_child_removed_is_removed_from_the_bucket_or_never_told(
    line: Line, work: RunWork
) -> None:
    (first, said), (second, said_next) = checkpoint(work, 1), checkpoint(work, 2)
    work.heard(said)
    for file in (first, second):
        file.unlink()
    work.heard({"event": "checkpoint_removed", "file": str(first)})
    work.heard(said_next)
    assert (steps(work), bucket.has(first), bucket.has(second)) == ([], False, False)


def test_a_stage_is_finished_when_what_it_left_is_in_the_bucket(line: Line, work: RunWork) -> None:
    folder = work.folder / "data"
    folder.mkdir(parents=True)
    (folder / "pack.json").write_text("{}")
    said = cast(Any, {"event": "stage_finished", "stage": "prepare", "artefact": {"data": str(folder)}})
    line.faults = [503]
    with pytest.raises(BucketError):
        work.heard(said)
    work.row.refresh_from_db()
    assert "prepare" not in work.row.artefacts
    work.heard(said)
    shutil.rmtree(folder)
    files.bring_stages(work.row)
    assert files.finished_stages(work.row) == {"prepare": {"data": str(folder)}}
    assert (folder / "pack.json").exists()


def test_a_checkpoint_that_is_altered_here_is_fetched_anew(line: Line, work: RunWork) -> None:

    file, said = checkpoint(work, 1)
    data = file.read_bytes()
    work.heard({**said, "sha256": hashlib.sha256(data).hexdigest()})
    for harm in (lambda: file.write_bytes(b"torn"), file.unlink):
        harm()
        found, damaged = files.usable_checkpoint(work.row)
        assert found is not None
        assert (found.step, damaged, file.read_bytes()) == (1, [], data)


def test_an_export_is_made_of_what_was_fetched_and_can_be_fetched_itself(export: Export) -> None:
    assert supervise(ExportWork, export.pk)
    export.refresh_from_db()
    assert (export.state, export.error_message) == ("ready", "")
    assert bucket.facts_of(storage.stored(export.path)) == (export.size_bytes, export.sha256)


def test_work_that_finds_no_bucket_waits_and_says_why(line: Line, export: Export) -> None:
    line.end()
    assert supervise(ExportWork, export.pk)
    export.refresh_from_db()
    assert (export.state, export.error_code, export.attempts) == ("interrupted", "bucket_unreachable", 0)
    assert export.error_message.endswith("It is tried again by itself.")


def test_a_worker_that_ends_gives_back_what_it_has_not_fetched_yet(export: Export) -> None:
    supervisor.shutting_down.set()
    assert supervise(ExportWork, export.pk)
    export.refresh_from_db()
    assert (export.state, export.attempts, export.lease_owner) == ("queued", 0, None)
    assert not (storage.data_folder() / "labs").exists()

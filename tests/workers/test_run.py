"""A run under the supervisor, with the real child: what it leaves, and what interruptions do to it (nothing)."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ml.judgement import Action, HealthJudged, Judgement
from ml.protocol import PreviewColumn, SweepMade
from tests.outcomes import outcome_of
from tests.worlds import CLASSES, make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.leases import new_owner
from webapp.gallery.models import Choice, Pool, Sample
from webapp.gallery.services import pools
from webapp.runs.models import Run, RunState
from webapp.runs.selectors import previews_of, scalars_of, sweep, sweeps_of
from webapp.runs.services.control import cancel_run, finish_run_early, resume_run, stop_run
from workers import supervisor
from workers.run import FACTS, RunWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
STEPS, CHECKPOINTS = 360, 18


@pytest.fixture(autouse=True)
def worker_goes_on() -> Iterator[None]:
    yield
    supervisor.shutting_down.clear()


@pytest.fixture
def run(lab: Lab, researcher: Person) -> Run:
    """A queued run; the same recipe on the same images every time."""
    return queue_run(make_dataset(lab), researcher, num_steps=STEPS, num_checkpoints=CHECKPOINTS)


def finish(run: Run) -> Run:
    assert supervise(RunWork, run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FINISHED, (run.state, run.error_message)
    return run


def interrupt(run: Run, when: Callable[[], bool], act: Callable[[], object]) -> Run:
    """Work on the run in a thread, and act once `when` is true."""
    thread = threading.Thread(target=supervise, args=(RunWork, run.pk))
    thread.start()
    deadline = time.monotonic() + 120
    while not when():
        assert thread.is_alive(), Run.objects.get(pk=run.pk).error_message
        assert time.monotonic() < deadline
        time.sleep(0.02)
    act()
    thread.join(60)
    assert not thread.is_alive()
    run.refresh_from_db()
    return run


def child_of(run: Run) -> int:
    """The process that computes the run."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"work" in words and any(str(run.pk).encode() in word for word in words) and b"-S" not in words:
            return int(entry.parent.name)
    raise AssertionError("no process computes this run")


REFERENCE: dict[str, object] = {}


@pytest.fixture
def uninterrupted(lab: Lab, researcher: Person) -> dict[str, object]:
    """What the run leaves when nothing happens to it; computed once, here or by the first test."""
    if not REFERENCE:
        version = make_dataset(lab)
        run = queue_run(version, researcher, num_steps=STEPS, num_checkpoints=CHECKPOINTS)
        REFERENCE.update(outcome_of(finish(run)))
    return REFERENCE


def test_the_sheets_of_codes_are_told_as_the_child_says_them(run: Run) -> None:
    mine = Run.claim(run.pk, new_owner(), RunState.PREPARING)
    assert mine is not None
    sheet = storage.run_folder(run.pk, mine.fence) / "sweeps" / "code_1.png"
    columns: list[PreviewColumn] = [{"class": "bar", "seed": 7}]
    said: SweepMade = {
        "event": "sweep",
        "name": "code_1",
        "values": [-1.0, 1.0],
        "file": str(sheet),
        "tile": 16,
        "columns": columns,
    }
    RunWork(mine).heard(said)
    (told,) = sweeps_of(run)
    url = f"/api/v1/runs/{run.pk}/sweeps/code_1/"
    assert told == {"name": "code_1", "url": url, "values": [-1.0, 1.0], "tile": 16, "columns": columns}
    event = sweep(run, "code_1")
    assert event is not None
    assert storage.stored(event.path) == sheet


def test_what_the_child_judges_is_the_runs_health_as_it_says_it(run: Run) -> None:
    mine = Run.claim(run.pk, new_owner(), RunState.PREPARING)
    assert mine is not None
    changes: list[Action] = [
        {"kind": "change", "setting": "batch_size", "value": 128},
        {"kind": "change", "setting": "spectral_norm", "value": True},
        {"kind": "change", "setting": "augmentation", "value": "translation"},
        {"kind": "stop", "setting": None, "value": None},
    ]
    judgement = Judgement("collapse", "The images of bar have become alike.", 20, None, tuple(changes)).told()
    said: HealthJudged = {"event": "health", "step": 30, "best_step": 10, "judgements": [judgement]}
    RunWork(mine).heard(said)
    RunWork(mine).heard(said)
    run.refresh_from_db()
    assert run.health == {"step": 30, "best_step": 10, "judgements": [judgement]}
    assert run.health["judgements"][0]["actions"][1]["value"] is True


def test_the_wish_to_finish_lies_in_the_folder_of_the_attempt_once_it_is_seen(run: Run) -> None:
    mine = Run.claim(run.pk, new_owner(), RunState.PREPARING)
    assert mine is not None
    work = RunWork(mine)
    work.folder.mkdir(parents=True)
    wish = Path(work.plan()["finish_when"])
    work.asked(mine)
    assert not wish.exists()
    Run.objects.filter(pk=run.pk).update(finish_requested=True)
    work.asked(mine.renew())
    assert wish.exists()
    wish.unlink()
    again = Run.objects.get(pk=run.pk)
    assert Path(RunWork(again).plan()["finish_when"]).exists(), "a later attempt is told before it starts"


def test_each_wish_for_a_preview_is_told_to_the_child_once_and_again_to_a_later_attempt(run: Run) -> None:
    mine = Run.claim(run.pk, new_owner(), RunState.PREPARING)
    assert mine is not None
    work = RunWork(mine)
    work.folder.mkdir(parents=True)
    wish = Path(work.plan()["preview_when"])
    work.asked(mine)
    assert not wish.exists()
    Run.objects.filter(pk=run.pk).update(preview_wish=1)
    work.asked(mine.renew())
    wish.unlink()  # as the child does
    work.asked(mine.renew())
    assert not wish.exists(), "the same wish is told once"
    again = RunWork(Run.objects.get(pk=run.pk))
    assert Path(again.plan()["preview_when"]).exists(), "what an attempt did not live to fulfil is told to the next"
    file = work.folder / "previews" / "step-00000003.png"
    again.heard({"event": "preview", "step": 3, "file": str(file), "tile": 16, "columns": [], "num_columns": 0})
    run.refresh_from_db()
    assert not run.preview_requested


def test_a_run_ends_with_a_pool_a_selection_curves_previews_and_metrics(run: Run) -> None:
    run = finish(run)
    pool = Pool.objects.get(run=run)
    assert (pool.is_ready, pool.num_samples, pool.class_counts) == (True, 36, dict.fromkeys(CLASSES, 18))
    assert pool.checkpoint_sha256 == run.artefacts["train"]["sha256"]
    assert set(pool.score_names) >= {"class_confidence", "realism", "nearest_training_distance"}
    for sample in pool.samples.all():
        assert set(sample.scores.values_list("name", flat=True)) == set(pool.score_names)
        assert [index for index, _ in sample.nearest] != []
    selection = pool.selections.get()
    assert (selection.number, selection.state, selection.sampler) == (1, "finished", "class_confidence")
    assert {name: part["kept"] for name, part in selection.yields.items()} == dict.fromkeys(CLASSES, 6)
    assert selection.report == {"values": {}, "curves": {}}
    for label in range(len(CLASSES)):
        kept = selection.choices.filter(kept=True, sample__label=label).order_by("rank")
        assert list(kept.values_list("rank", flat=True)) == list(range(6))
        values = [choice.sample.scores.get(name="class_confidence").value for choice in kept]
        assert values == sorted(values, reverse=True)
    curves = scalars_of(run)
    assert curves["steps"][-1] == STEPS
    assert "loss/G" in curves["values"]
    assert [row["step"] for row in previews_of(run)][-1] == STEPS
    assert run.checkpoints.filter(is_best=True).count() == 1
    assert set(run.metrics) >= {"kid", "tarr"}
    assert (run.step, run.num_steps, run.stage_progress) == (STEPS, STEPS, 1.0)
    assert (run.lease_owner, run.attempts, run.error_code) == (None, 0, "")
    REFERENCE.update(outcome_of(run))


def test_the_child_is_given_training_and_validation_images_and_never_a_test_image(run: Run) -> None:
    claimed = Run.claim(run.pk, "a test", RunState.PREPARING)
    assert claimed is not None
    work = RunWork(claimed)
    work.folder.mkdir(parents=True)
    plan = work.plan()
    rows = [json.loads(line) for line in Path(plan["dataset"]["images"]).read_text().splitlines()]
    assert {row["split"] for row in rows} == {"train", "val"}
    assert len(rows) == run.version.images.exclude(split="test").count()
    assert "test" not in {row["split"] for row in rows}
    assert all(Path(row["file"]).exists() for row in rows)


def test_a_run_whose_process_is_killed_at_any_step_ends_as_if_nothing_had_happened(
    run: Run, uninterrupted: dict[str, object]
) -> None:
    seed = random.randrange(2**32)
    print(f"seed of the moment of the kill: {seed}")
    pause = random.Random(seed).uniform(0, 0.8)

    def kill() -> None:
        time.sleep(pause)
        os.kill(child_of(run), signal.SIGKILL)

    run = interrupt(run, lambda: run.checkpoints.count() >= 2, kill)
    assert (run.state, run.lease_owner) == ("interrupted", None)
    assert "SIGKILL" in run.error_message
    saved = run.checkpoints.order_by("-step")[0].step
    assert 0 < saved < STEPS
    run = finish(run)
    assert run.fence == 2
    plan = json.loads((storage.run_folder(run.pk, 2) / "plan.json").read_text())
    assert plan["resume_from"].endswith(f"step-{saved:08d}.safetensors")
    assert set(plan["done"]) == {"prepare"}
    assert outcome_of(run) == uninterrupted
    named = {storage.stored(path) for path in run.checkpoints.values_list("path", flat=True)}
    folder = storage.all_attempts("runs", run.pk).resolve()
    assert set(folder.glob("*/checkpoints/*.safetensors")) == named, "a finished run keeps only files that rows name"
    assert len(list(folder.glob("*/pool"))) == len(list(folder.glob("*/data"))) == 1


def test_a_run_that_is_stopped_and_resumed_and_moved_to_another_worker_ends_the_same(
    run: Run, uninterrupted: dict[str, object]
) -> None:
    run = interrupt(run, lambda: run.checkpoints.exists(), lambda: stop_run(run))
    assert (run.state, run.stop_requested) == ("stopped", False)
    stopped_at = run.checkpoints.order_by("-step")[0].step
    assert 0 < stopped_at < STEPS
    run = resume_run(run)

    def is_further() -> bool:
        return run.checkpoints.filter(fence=2, step__gt=stopped_at).exists()

    run = interrupt(run, is_further, supervisor.shutting_down.set)
    assert (run.state, run.attempts, run.lease_owner) == ("queued", 0, None)
    supervisor.shutting_down.clear()
    run = finish(run)
    assert run.fence == 3
    assert outcome_of(run) == uninterrupted


def test_a_run_killed_after_its_last_checkpoint_needs_no_training_to_finish(
    run: Run, uninterrupted: dict[str, object]
) -> None:
    def in_last_stages() -> bool:
        run.refresh_from_db()
        return "train" in run.artefacts

    run = interrupt(run, in_last_stages, lambda: os.kill(child_of(run), signal.SIGKILL))
    assert run.state == "interrupted"
    run = finish(run)
    plan = json.loads((storage.run_folder(run.pk, 2) / "plan.json").read_text())
    assert {"prepare", "train"} <= set(plan["done"])
    assert plan["resume_from"] is None
    assert outcome_of(run) == uninterrupted


def test_a_run_that_is_to_finish_makes_its_pool_with_the_best_checkpoint_there_is(run: Run) -> None:
    run = interrupt(run, lambda: run.checkpoints.count() >= 2, lambda: finish_run_early(run))
    assert (run.state, run.fence, run.error_message) == ("finished", 1, "")
    best = run.checkpoints.get(is_best=True)
    assert 0 < best.step <= run.step < STEPS
    assert Pool.objects.get(run=run).checkpoint_sha256 == best.sha256
    assert run.health["step"] < STEPS
    assert run.health["best_step"] == best.step


@pytest.mark.parametrize("leaves", ["killed", "stopped"])
def test_the_wish_to_finish_outlives_the_process_that_should_fulfil_it(run: Run, leaves: str) -> None:
    def ask_and_end() -> None:
        if leaves == "stopped":
            stop_run(run)
            return
        child = child_of(run)
        os.kill(child, signal.SIGSTOP)  # it can no longer fulfil it
        finish_run_early(run)
        os.kill(child, signal.SIGKILL)

    run = interrupt(run, lambda: run.checkpoints.count() >= 2, ask_and_end)
    assert run.state == ("stopped" if leaves == "stopped" else "interrupted")
    if leaves == "stopped":
        run = finish_run_early(run)
    newest = run.checkpoints.order_by("-step")[0].step
    run = finish(run)
    assert (run.fence, run.step, run.finish_requested) == (2, newest, True)
    assert run.checkpoints.get(is_best=True).sha256 == Pool.objects.get(run=run).checkpoint_sha256


def test_a_cancelled_run_ends_within_seconds_and_leaves_no_files(run: Run) -> None:
    began: list[float] = []

    def cancel() -> None:
        began.append(time.monotonic())
        cancel_run(run)

    run = interrupt(run, lambda: run.checkpoints.exists(), cancel)
    assert time.monotonic() - began[0] < 10
    assert (run.state, run.checkpoints.count(), Pool.objects.count()) == ("cancelled", 0, 0)
    assert not storage.all_attempts("runs", run.pk).exists()
    assert not supervise(RunWork, run.pk)


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before_and_the_run_says_so(run: Run) -> None:
    run = interrupt(run, lambda: run.checkpoints.count() >= 2, lambda: stop_run(run))
    newest, before = run.checkpoints.order_by("-step")[:2]
    path = storage.stored(newest.path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    run = finish(resume_run(run))
    plan = json.loads((storage.run_folder(run.pk, 2) / "plan.json").read_text())
    assert plan["resume_from"].endswith(f"step-{before.step:08d}.safetensors")
    warning = next(warning for warning in run.warnings if warning["code"] == "checkpoint_damaged")
    assert f"step {newest.step} " in warning["message"]


def test_a_run_that_is_cancelled_while_its_results_become_rows_leaves_none_of_them(
    lab: Lab, researcher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = make_pool(queue_run(make_dataset(lab), researcher)).run
    run = queue_run(done.version, researcher)
    held = Run.claim(run.pk, "a test", RunState.PREPARING)
    assert held is not None
    pool = done.pool
    facts = {name: getattr(pool, name) for name in pools.Facts.__dataclass_fields__}
    held.write(artefacts={**done.artefacts, FACTS: facts})
    held.artefacts = {**done.artefacts, FACTS: facts}
    bring_in_choices = pools.bring_in_choices

    def cancelled_meanwhile(*arguments: Any) -> None:
        cancel_run(run)
        bring_in_choices(*arguments)

    monkeypatch.setattr(pools, "bring_in_choices", cancelled_meanwhile)
    RunWork(held).finish()
    run.refresh_from_db()
    assert (run.state, run.lease_owner) == ("cancelled", None)
    assert list(Pool.objects.values_list("pk", flat=True)) == [pool.pk]
    assert (Sample.objects.count(), Choice.objects.count()) == (pool.num_samples, pool.num_samples)

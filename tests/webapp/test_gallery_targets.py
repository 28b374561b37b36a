"""Accept until target: the countdown is what was accepted, and further samples are drawn when too few are left."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.worlds import QUICK, make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.removal import mark
from webapp.gallery.models import AcceptTarget, Pool
from webapp.gallery.services import targets
from webapp.gallery.services.targets import advance_targets, begin_target
from webapp.gallery.services.verdicts import decide, undo
from webapp.runs.models import Checkpoint, Run, RunState, Way

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    """24 samples in two classes, of a run that keeps a checkpoint."""
    made = make_pool(queue_run(make_dataset(lab), researcher))
    file = storage.run_folder(made.run.pk, 1) / "checkpoints" / "step-00000040.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    Checkpoint.objects.create(
        run=made.run, step=40, fence=1, path=storage.relative(file), sha256="c" * 64, size_bytes=7, is_best=True
    )
    return made


def bars(pool: Pool, number: int, standing: str = "undecided") -> list[int]:
    rows = pool.samples.filter(label=0, standing=standing).order_by("index")
    return list(rows.values_list("pk", flat=True)[:number])


def told(client: APIClient, pool: Pool) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/pools/{pool.pk}/target/").json()["target"]
    return found


def after_a_round(pool: Pool) -> AcceptTarget:
    advance_targets()
    return AcceptTarget.objects.get(pool=pool)


def test_the_countdown_goes_with_each_verdict_and_undo_and_is_heard(
    client_of: ClientOf, pool: Pool, researcher: Person, reviewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[dict[str, Any]] = []
    monkeypatch.setattr(targets, "publish_target", lambda pk, data: heard.append(data))
    decide(pool, reviewer, bars(pool, 2), "accept")
    client = client_of(researcher)
    answer = client.post(f"/api/v1/pools/{pool.pk}/target/", {"wanted": {"bar": 3, "dot": 0}}, format="json").json()
    none = {"wanted": 3, "accepted": 0, "missing": 3, "undecided": 10, "judged": 2}
    assert answer["target"]["classes"] == {"bar": none}
    assert (answer["target"]["max_drawn"], answer["target"]["state"]) == (60, "active")
    decide(pool, reviewer, bars(pool, 2), "accept")
    assert told(client, pool)["classes"]["bar"]["missing"] == heard[-1]["classes"]["bar"]["missing"] == 1
    decide(pool, reviewer, bars(pool, 1), "reject")
    undo(pool, reviewer)
    undo(pool, reviewer)
    assert told(client, pool)["classes"]["bar"] == heard[-1]["classes"]["bar"] == none


def test_the_same_wish_is_one_target_and_another_waits_for_its_end(
    client_of: ClientOf, pool: Pool, researcher: Person
) -> None:
    client, url = client_of(researcher), f"/api/v1/pools/{pool.pk}/target/"
    first = client.post(url, {"wanted": {"bar": 3}}, format="json").json()["target"]["id"]
    assert client.post(url, {"wanted": {"bar": 3}}, format="json").json()["target"]["id"] == first
    refused = client.post(url, {"wanted": {"bar": 4}}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "target_active")
    for _ in range(2):
        assert client.post(f"{url}end/").json()["target"]["state"] == "ended"
    assert client.post(url, {"wanted": {"bar": 4}}, format="json").json()["target"]["id"] != first


def test_further_samples_are_drawn_once_when_too_few_are_undecided_and_count_when_they_are_there(
    client_of: ClientOf, pool: Pool, researcher: Person
) -> None:
    begin_target(pool, researcher, {"bar": 11})
    decide(pool, researcher, bars(pool, 3), "accept")
    assert after_a_round(pool).run is not None
    target = after_a_round(pool)
    run = target.run
    assert run is not None
    assert (run.parent_id, run.start_way, run.start_step) == (pool.run_id, Way.GENERATE, 40)
    assert run.recipe.budget == {"kind": "counts", "counts": {"bar": target.num_drawn}}
    assert run.recipe.seed != QUICK["seed"]
    assert (run.recipe.sampler, run.recipe.pool_factor) == ("random", 1.0)
    assert Run.objects.count() == 2
    assert told(client_of(researcher), pool)["drawing"] == str(run.pk)
    second = make_pool(run)
    assert after_a_round(pool).run == run
    second.refresh_from_db()
    assert second.target == target
    decide(second, researcher, bars(second, 8), "accept")
    now = told(client_of(researcher), second)
    assert (now["classes"]["bar"]["missing"], now["drawing"]) == (0, None)
    assert now["runs"] == [str(pool.run_id), str(run.pk)]
    assert after_a_round(pool).state == "met"
    assert Run.objects.count() == 2


def test_nothing_is_drawn_while_enough_is_undecided(pool: Pool, researcher: Person) -> None:
    begin_target(pool, researcher, {"bar": 10})
    assert after_a_round(pool).run is None


def test_no_more_is_drawn_than_the_limit_and_it_ends_when_all_of_that_is_judged(pool: Pool, researcher: Person) -> None:
    begin_target(pool, researcher, {"bar": 30}, factor=1)
    target = after_a_round(pool)
    assert target.run is not None
    assert target.num_drawn == target.max_drawn == 30
    second = make_pool(target.run)
    after_a_round(pool)
    for one in (pool, second):
        decide(one, researcher, bars(one, 12), "reject")
    target = after_a_round(pool)
    assert (target.state, Run.objects.count()) == ("exhausted", 2)
    assert "30 candidates were drawn" in target.reason


def test_few_that_are_accepted_mean_that_more_are_drawn(pool: Pool, researcher: Person) -> None:
    begin_target(pool, researcher, {"bar": 10})
    decide(pool, researcher, bars(pool, 2), "accept")
    decide(pool, researcher, bars(pool, 8), "reject")
    target = after_a_round(pool)
    assert target.num_drawn == 8 * 5 - 2


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED])
def test_a_run_that_did_not_finish_ends_it_with_a_sentence(pool: Pool, researcher: Person, state: str) -> None:
    begin_target(pool, researcher, {"bar": 20})
    target = after_a_round(pool)
    Run.objects.filter(pk=target.run_id).update(state=state)
    target = after_a_round(pool)
    assert (target.state, Run.objects.count()) == ("ended", 2)
    assert f"is {state}" in target.reason


def test_a_run_that_is_refused_ends_it_and_a_full_queue_only_lets_it_wait(
    pool: Pool, researcher: Person, settings: Any
) -> None:
    begin_target(pool, researcher, {"bar": 20})
    settings.RUNS_WAITING_PER_PERSON = 1
    queue_run(pool.run.version, researcher)
    assert (after_a_round(pool).state, after_a_round(pool).run) == ("active", None)
    settings.RUNS_WAITING_PER_PERSON = 0
    Checkpoint.objects.all().delete()
    target = after_a_round(pool)
    assert target.state == "ended"
    assert "keeps no checkpoint" in target.reason or "No further samples" in target.reason


def test_what_is_deleted_draws_nothing(pool: Pool, researcher: Person) -> None:
    begin_target(pool, researcher, {"bar": 20})
    mark(pool.run)
    assert after_a_round(pool).run is None


@pytest.mark.parametrize("wanted", [{}, {"bar": 0}, {"unicorn": 3}, {"bar": -1}])
def test_a_wish_that_cannot_be_meant_is_refused(
    client_of: ClientOf, pool: Pool, researcher: Person, wanted: dict[str, int]
) -> None:
    answer = client_of(researcher).post(f"/api/v1/pools/{pool.pk}/target/", {"wanted": wanted}, format="json")
    assert answer.status_code in (400, 422)
    assert not AcceptTarget.objects.exists()


def test_a_run_without_a_checkpoint_has_nothing_to_draw_from(
    client_of: ClientOf, pool: Pool, researcher: Person
) -> None:
    Checkpoint.objects.all().delete()
    answer = client_of(researcher).post(f"/api/v1/pools/{pool.pk}/target/", {"wanted": {"bar": 3}}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_source")

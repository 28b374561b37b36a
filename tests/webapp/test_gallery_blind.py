"""Blind tests: nothing tells the answer but the pixels, and what comes out is counted right."""

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core.errors import InvalidError
from webapp.gallery.models import BlindTest, Pool
from webapp.gallery.selectors.blind import people_in
from webapp.gallery.selectors.pixels import packed
from webapp.gallery.services.blind import answer_trial, begin_blind_test

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher))


def begun(client: APIClient, pool: Pool, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/pools/{pool.pk}/blind-tests/", {"num_images": 20, **body}, format="json")
    assert answer.status_code == 201, answer.json()
    told: dict[str, Any] = answer.json()
    return told


def put(client: APIClient, test: str, place: int, answer: str) -> Any:
    return client.put(f"/api/v1/blind-tests/{test}/answers/{place}/", {"answer": answer}, format="json")


def finished(pool: Pool, person: Person, num_right: int) -> BlindTest:
    test = begin_blind_test(pool, person, 20)
    for trial in test.trials.order_by("place"):
        other = {"real": "synthetic", "synthetic": "real"}[trial.truth]
        test = answer_trial(test, trial.place, trial.truth if trial.place < num_right else other)
    return test


def test_half_is_real_each_class_equally_and_the_order_tells_nothing(pool: Pool, reviewer: Person) -> None:
    test = begin_blind_test(pool, reviewer, 20, seed=1)
    trials = list(test.trials.order_by("place"))
    mixed = Counter((trial.truth, trial.label) for trial in trials)
    assert sum(mixed["real", label] for label in (0, 1)) == 10
    assert all(mixed["real", label] == mixed["synthetic", label] for label in (0, 1))
    assert len({(trial.truth, trial.row) for trial in trials}) == 20
    assert {trial.truth for trial in trials[:10]} == {"real", "synthetic"}


def test_the_real_half_is_of_the_training_images_alone(pool: Pool, reviewer: Person) -> None:
    train = set(pool.run.version.images.filter(split="train").values_list("index", "label"))
    for seed in range(3):
        test = begin_blind_test(pool, reviewer, 20, seed=seed)
        index = packed(pool, "index")
        shown = {(int(index[row.row]), pool.classes[row.label]) for row in test.trials.filter(truth="real")}
        assert shown <= train
        test.delete()


def test_with_a_selection_the_synthetic_half_is_of_what_it_kept(pool: Pool, reviewer: Person) -> None:
    selection = pool.selections.get()
    selection.choices.filter(sample__index__gte=8).update(kept=True)
    test = begin_blind_test(pool, reviewer, 20, selection)
    kept = set(selection.choices.filter(kept=True).values_list("sample__index", flat=True))
    rows = {(trial.row, trial.label) for trial in test.trials.filter(truth="synthetic")}
    assert {row for row, _ in rows} <= kept
    assert rows <= set(pool.samples.values_list("index", "label"))


def test_nothing_that_is_sent_tells_real_from_synthetic(client_of: ClientOf, pool: Pool, reviewer: Person) -> None:
    client = client_of(reviewer)
    told = begun(client, pool)
    assert (told["result"], told["answered"]) == (None, {})
    seen: dict[str, set[Any]] = {"real": set(), "synthetic": set()}
    pictures = set()
    for trial in BlindTest.objects.get(pk=told["id"]).trials.all():
        answer = client.get(f"/api/v1/blind-tests/{told['id']}/images/{trial.place}/")
        seen[trial.truth].add((len(answer.content), answer.content[:33], *sorted(answer.headers.items())))
        pictures.add(answer.content)
        after = put(client, told["id"], trial.place, "real").json() if trial.place < 19 else {"result": None}
        assert after["result"] is None
    assert seen["real"] == seen["synthetic"]
    assert len(seen["real"]) == 1
    assert len(pictures) == 20


def test_the_images_are_those_that_the_model_saw_and_made(client_of: ClientOf, pool: Pool, reviewer: Person) -> None:
    client = client_of(reviewer)
    test = BlindTest.objects.get(pk=begun(client, pool)["id"])
    for truth in ("real", "synthetic"):
        trial = test.trials.filter(truth=truth)[0]
        answer = client.get(f"/api/v1/blind-tests/{test.pk}/images/{trial.place}/")
        pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
        if truth == "real":
            expected = packed(pool, "images")[trial.row][..., 0]
        else:
            sample = pool.samples.get(index=trial.row)
            png = client.get(f"/api/v1/samples/{sample.pk}/image/").content
            expected = np.asarray(Image.open(io.BytesIO(png)))
        assert np.array_equal(pixels, expected)


def test_the_last_answer_brings_the_result_by_class_and_as_a_table(
    client_of: ClientOf, pool: Pool, reviewer: Person, viewer: Person
) -> None:
    client, told = client_of(reviewer), None
    test = begun(client, pool)["id"]
    for trial in BlindTest.objects.get(pk=test).trials.order_by("place"):
        told = put(client, test, trial.place, "real").json()
    assert told is not None
    result = told["result"]
    assert result["table"] == {"real": {"real": 10, "synthetic": 0}, "synthetic": {"real": 10, "synthetic": 0}}
    assert (result["hit_rate"]["num_right"], result["hit_rate"]["share"]) == (10, 0.5)
    assert result["hit_rate"]["low"] == pytest.approx(0.2993, abs=1e-4)
    assert sum(part["num_images"] for part in result["by_class"].values()) == 20
    assert {part["share"] for part in result["by_class"].values()} == {0.5}
    assert put(client, test, 0, "synthetic").status_code == 409
    assert client.delete(f"/api/v1/blind-tests/{test}/").status_code == 409
    assert client_of(viewer).get(f"/api/v1/blind-tests/{test}/").json()["result"] == result


def test_an_unfinished_test_is_gone_on_with_changed_and_given_up_by_its_person_alone(
    client_of: ClientOf, pool: Pool, reviewer: Person, researcher: Person
) -> None:
    client, url = client_of(reviewer), f"/api/v1/pools/{pool.pk}/blind-tests/"
    test = begun(client, pool)["id"]
    put(client, test, 3, "real")
    assert put(client, test, 3, "synthetic").json()["answered"] == {"3": "synthetic"}
    assert put(client, test, 20, "real").status_code == 404
    assert client.post(url, {"num_images": 20}, format="json").status_code == 409
    assert client.get(url).json()["unfinished"] == test
    other = client_of(researcher)
    assert other.get(url).json()["unfinished"] is None
    for path in ("", "images/3/"):
        assert other.get(f"/api/v1/blind-tests/{test}/{path}").status_code == 404
    assert put(other, test, 3, "real").status_code == 404
    assert other.delete(f"/api/v1/blind-tests/{test}/").status_code == 404
    assert client.delete(f"/api/v1/blind-tests/{test}/").status_code == 204
    assert client.get(url).json()["unfinished"] is None
    begun(client, pool)


def test_people_are_averaged_each_once_with_an_interval_from_two_on(
    client_of: ClientOf, pool: Pool, reviewer: Person, researcher: Person
) -> None:
    assert people_in(pool) is None
    finished(pool, reviewer, 14)
    told = client_of(reviewer).get(f"/api/v1/pools/{pool.pk}/blind-tests/").json()
    assert told["people"] == {"num_people": 1, "mean": 0.7, "low": None, "high": None}
    finished(pool, reviewer, 18)
    finished(pool, researcher, 10)
    begin_blind_test(pool, researcher, 20)
    told = client_of(reviewer).get(f"/api/v1/pools/{pool.pk}/blind-tests/").json()
    assert (told["people"]["num_people"], told["people"]["mean"]) == (2, pytest.approx(0.65))
    assert (told["people"]["low"], told["people"]["high"]) == (0.0, 1.0)
    assert [row["hit_rate"]["num_right"] for row in told["finished"]] == [10, 18, 14]


def test_too_few_images_of_a_kind_are_refused_in_one_sentence(
    client_of: ClientOf, pool: Pool, reviewer: Person
) -> None:
    with pytest.raises(InvalidError, match="there are 24; choose fewer"):
        begin_blind_test(pool, reviewer, 50)
    body = {"num_images": 20, "selection": str(pool.selections.get().pk)}
    answer = client_of(reviewer).post(f"/api/v1/pools/{pool.pk}/blind-tests/", body, format="json")
    assert answer.json()["code"] == "too_few_images"
    assert set(answer.json()["fields"]) == {"num_images"}
    pool.run.artefacts["prepare"] = {"data": "runs/nothing"}
    pool.run.save(update_fields=["artefacts"])
    answer = client_of(reviewer).post(f"/api/v1/pools/{pool.pk}/blind-tests/", {"num_images": 20}, format="json")
    assert answer.status_code == 410

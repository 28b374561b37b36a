"""The gallery: pages by index and score, filters, one sample, its pixels, selections; and who may see them."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from PIL import Image
from rest_framework.test import APIClient

from tests.worlds import CLASSES, make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.leases import LeaseLostError, new_owner
from webapp.gallery.models import Choice, Pool, Sample, SampleScore, Selection
from webapp.gallery.services import pools as services
from webapp.gallery.services import selections
from webapp.runs.models import Run, RunState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher))


@pytest.fixture
def api(client_of: ClientOf, viewer: Person) -> APIClient:
    return client_of(viewer)


def pages(client: APIClient, pool: Pool, query: str = "", limit: int = 7) -> list[dict[str, Any]]:
    """All samples that a query finds, walked through page by page."""
    found: list[dict[str, Any]] = []
    url: str | None = f"/api/v1/pools/{pool.pk}/samples/?limit={limit}&{query}"
    while url:
        page = client.get(url).json()
        assert len(page["results"]) <= limit
        found += page["results"]
        url = page["next"]
    return found


# --- pages ------------------------------------------------------------------------------------------------------
def test_walking_the_pages_by_index_meets_every_sample_once_in_order(api: APIClient, pool: Pool) -> None:
    found = pages(api, pool)
    assert [row["index"] for row in found] == list(range(24))
    first = found[0]
    assert first["label"] == CLASSES[0]
    assert set(first["scores"]) == {"class_confidence", "realism", "nearest_training_distance"}
    assert (first["standing"], first["verdict"], first["memorised"]) == ("undecided", None, True)
    assert int(first["seed"]) == Sample.objects.get(pool=pool, index=0).seed


@pytest.mark.parametrize("score", ["class_confidence", "realism", "nearest_training_distance"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_walking_the_pages_by_a_score_meets_every_sample_once_in_its_order(
    api: APIClient, pool: Pool, score: str, sign: str
) -> None:
    found = pages(api, pool, f"sort={sign}score:{score}")
    values = [row["scores"][score] for row in found]
    assert values == sorted(values, reverse=bool(sign))
    assert {row["index"] for row in found} == set(range(24))


def test_samples_of_equal_score_are_each_met_once(api: APIClient, pool: Pool) -> None:
    SampleScore.objects.filter(pool=pool, name="realism").update(value=0.5)
    for sign in ("", "-"):
        assert len({row["id"] for row in pages(api, pool, f"sort={sign}score:realism", limit=5)}) == 24


def test_the_page_before_can_be_reached_again(api: APIClient, pool: Pool) -> None:
    first = api.get(f"/api/v1/pools/{pool.pk}/samples/?limit=5&sort=-score:realism").json()
    second = api.get(first["next"]).json()
    assert api.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"label={CLASSES[1]}", lambda row: row["index"] % 2 == 1),
        ("memorised=true", lambda row: row["index"] % 7 == 0),
        ("memorised=false", lambda row: row["index"] % 7 != 0),
        ("standing=undecided", lambda row: True),
        ("standing=accepted", lambda row: False),
        (f"label={CLASSES[0]}&memorised=true", lambda row: row["index"] % 14 == 0),
    ],
)
@pytest.mark.parametrize("sort", ["index", "-score:class_confidence"])
def test_a_filter_shows_exactly_what_fits(
    api: APIClient, pool: Pool, query: str, expected: Callable[[dict[str, Any]], bool], sort: str
) -> None:
    everything = pages(api, pool)
    found = pages(api, pool, f"{query}&sort={sort}")
    assert {row["id"] for row in found} == {row["id"] for row in everything if expected(row)}


@pytest.mark.parametrize("sort", ["index", "score:realism"])
def test_a_selections_choices_are_shown_and_filtered_by(api: APIClient, pool: Pool, sort: str) -> None:
    selection = pool.selections.get()
    kept = pages(api, pool, f"selection={selection.pk}&kept=true&sort={sort}")
    assert {row["index"] for row in kept} == {16, 17, 18, 19, 20, 21, 22, 23}
    assert {(row["index"], row["rank"]) for row in kept if row["label"] == CLASSES[0]} == {
        (22, 0),
        (20, 1),
        (18, 2),
        (16, 3),
    }
    dropped = pages(api, pool, f"selection={selection.pk}&kept=false&sort={sort}")
    assert len(dropped) == 16
    assert {row["reason"] for row in dropped} == {"not_among_best"}
    assert len(pages(api, pool, f"selection={selection.pk}&sort={sort}")) == 24


@pytest.mark.parametrize(
    "query",
    [
        "sort=seed",
        "sort=score:secret",
        "label=nobody",
        "standing=maybe",
        "kept=perhaps",
        "kept=true",
        "selection=7",
        "limit=many",
        "cursor=rubbish",
    ],
)
def test_a_query_that_cannot_be_meant_is_refused_with_the_field(api: APIClient, pool: Pool, query: str) -> None:
    answer = api.get(f"/api/v1/pools/{pool.pk}/samples/?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["fields"]


def test_a_page_costs_the_same_number_of_queries_whatever_its_length(api: APIClient, pool: Pool) -> None:
    counts = set()
    for limit in (2, 20):
        with CaptureQueriesContext(connection) as queries:
            api.get(f"/api/v1/pools/{pool.pk}/samples/?limit={limit}&selection={pool.selections.get().pk}")
        counts.add(len(queries))
    assert len(counts) == 1
    assert counts.pop() <= 10


# --- one sample -------------------------------------------------------------------------------------------------
def test_a_sample_tells_where_it_comes_from_and_what_it_is_near_to(api: APIClient, pool: Pool) -> None:
    sample = pool.samples.get(index=21)
    detail = api.get(f"/api/v1/samples/{sample.pk}/").json()
    version = pool.run.version
    assert [row["index"] for row in detail["nearest"]] == [0, 1, 2, 3, 4]
    assert detail["nearest"][0]["thumbnail_url"] == f"/api/v1/versions/{version.pk}/images/0/thumbnail/"
    assert detail["nearest"][0]["label"] == version.images.get(index=0).label
    assert detail["choices"][0]["kept"] is True
    origin = detail["provenance"]
    assert origin["checkpoint_sha256"] == pool.checkpoint_sha256
    assert origin["content_hash"] == version.content_hash
    assert (origin["recipe"]["model"], origin["recipe"]["number"]) == ("dcgan", 1)
    assert origin["run"] == str(pool.run_id)


def decoded(data: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture)


@pytest.mark.parametrize("index", [0, 9, 10, 23])
def test_the_pixels_are_those_of_the_shard(api: APIClient, pool: Pool, index: int) -> None:
    answer = api.get(f"/api/v1/samples/{pool.samples.get(index=index).pk}/image/")
    shard, row = divmod(index, 10)
    expected = np.load(storage.stored(pool.path) / f"images-{shard:05d}.npy")[row, ..., 0]
    assert np.array_equal(decoded(answer.content), expected)


def test_scaling_repeats_every_pixel_and_nothing_else(api: APIClient, pool: Pool) -> None:
    url = f"/api/v1/samples/{pool.samples.get(index=3).pk}/image/"
    small, large = decoded(api.get(url).content), decoded(api.get(f"{url}?scale=5").content)
    assert large.shape == (80, 80)
    assert np.array_equal(large[2::5, 2::5], small)
    assert np.array_equal(large, np.kron(small, np.ones((5, 5), np.uint8)))


@pytest.mark.parametrize("scale", ["0", "9", "-1", "2.5", "x", ""])
def test_a_scale_outside_1_to_8_is_refused(api: APIClient, pool: Pool, scale: str) -> None:
    assert api.get(f"/api/v1/samples/{pool.samples.get(index=0).pk}/image/?scale={scale}").status_code == 400


def test_an_image_that_the_browser_has_is_not_sent_again(api: APIClient, pool: Pool) -> None:
    url = f"/api/v1/samples/{pool.samples.get(index=3).pk}/image/"
    first = api.get(url)
    assert "immutable" in first["Cache-Control"]
    assert "private" in first["Cache-Control"]
    again = api.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.get(f"{url}?scale=2")["ETag"] != first["ETag"]


def test_a_sheet_holds_many_samples_in_the_order_that_is_asked_for(
    api: APIClient, client_of: ClientOf, outsider: Person, pool: Pool
) -> None:
    """Ten stand beside each other; the rows come from several shards."""
    url = f"/api/v1/pools/{pool.pk}/sheet/?rows={'.'.join(map(str, [21, 3, *range(9, 19)]))}"
    answer = api.get(url)
    sheet = decoded(answer.content)
    assert sheet.shape == (32, 160)
    for place, index in enumerate([21, 3, *range(9, 19)]):
        top, left = divmod(place, 10)
        own = decoded(api.get(f"/api/v1/samples/{pool.samples.get(index=index).pk}/image/").content)
        assert np.array_equal(sheet[16 * top : 16 * top + 16, 16 * left : 16 * left + 16], own)
    assert "immutable" in answer["Cache-Control"]
    assert api.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client_of(outsider).get(url).status_code == 404
    for rows in ("", "24", "1.x", "-1", ".".join(["1"] * 101)):
        assert api.get(f"/api/v1/pools/{pool.pk}/sheet/?rows={rows}").status_code == 400


def test_an_image_whose_file_is_gone_is_answered_410(api: APIClient, pool: Pool) -> None:
    folder = storage.stored(pool.path)
    for file in folder.iterdir():
        file.unlink()
    answer = api.get(f"/api/v1/samples/{pool.samples.get(index=3).pk}/image/")
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")


def test_a_pool_tells_its_counters_and_selections(api: APIClient, pool: Pool) -> None:
    told = api.get(f"/api/v1/pools/{pool.pk}/").json()
    assert told["class_counts"] == dict.fromkeys(CLASSES, 12)
    assert (told["num_samples"], told["num_memorised"], told["num_accepted"]) == (24, 4, 0)
    assert [row["number"] for row in told["selections"]] == [1]
    assert told["selections"][0]["num_kept"] == 8


# --- a pool is whole or unseen ----------------------------------------------------------------------------------
def test_a_pool_is_not_seen_before_its_run_is_finished(api: APIClient, pool: Pool) -> None:
    Pool.objects.filter(pk=pool.pk).update(is_ready=False)
    sample = pool.samples.get(index=0)
    selection = pool.selections.get()
    for path in (
        f"pools/{pool.pk}/",
        f"pools/{pool.pk}/samples/",
        f"samples/{sample.pk}/",
        f"samples/{sample.pk}/image/",
        f"selections/{selection.pk}/",
    ):
        assert api.get(f"/api/v1/{path}").status_code == 404
    assert api.get(f"/api/v1/runs/{pool.run_id}/").json()["pool"] is None


def test_an_attempt_that_begins_again_leaves_nothing_of_the_one_before(lab: Lab, researcher: Person) -> None:
    run = queue_run(make_dataset(lab), researcher)
    finished = make_pool(run)
    Pool.objects.filter(pk=finished.pk).update(is_ready=False)
    Run.objects.filter(pk=run.pk).update(state=RunState.INTERRUPTED, attempts=0)
    held = Run.claim(run.pk, "a later attempt", RunState.PREPARING)
    assert held is not None
    facts = {name: getattr(finished, name) for name in services.Facts.__dataclass_fields__}
    scores = storage.stored(held.artefacts["score"]["scores"])
    pool = services.bring_in(held, services.Facts(**facts), scores, held.renew)
    assert pool.pk != finished.pk
    assert list(Pool.objects.values_list("pk", flat=True)) == [pool.pk]
    assert Sample.objects.count() == 24
    assert SampleScore.objects.count() == 72
    assert (Selection.objects.count(), Choice.objects.count()) == (0, 0)


def test_an_attempt_that_lost_the_run_stops_between_two_batches(
    lab: Lab, researcher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 5)
    run = queue_run(make_dataset(lab), researcher)
    left = iter(range(3))

    def hold() -> None:
        if next(left, None) is None:
            raise LeaseLostError

    done = make_pool(queue_run(run.version, researcher))
    held = Run.claim(run.pk, "late", RunState.PREPARING)
    assert held is not None
    facts = services.Facts(**{name: getattr(done, name) for name in services.Facts.__dataclass_fields__})
    scores = storage.stored(done.run.artefacts["score"]["scores"])
    with pytest.raises(LeaseLostError):
        services.bring_in(held, facts, scores, hold)
    assert Sample.objects.filter(pool__run=run).count() == 10
    assert not Pool.objects.get(run=run).is_ready


def test_a_score_that_is_no_number_has_no_row_and_breaks_nothing(
    lab: Lab, researcher: Person, viewer: Person, client_of: ClientOf
) -> None:
    run = queue_run(make_dataset(lab), researcher)
    pool = make_pool(run)
    path = storage.stored(Run.objects.get(pk=run.pk).artefacts["score"]["scores"])
    with np.load(path) as arrays:
        values = dict(arrays)
    values["realism"][3] = np.nan
    values["realism"][4] = np.inf
    np.savez(path, **values)
    Pool.objects.filter(pk=pool.pk).update(is_ready=False)
    facts = services.Facts(**{name: getattr(pool, name) for name in services.Facts.__dataclass_fields__})
    again = services.bring_in(run, facts, path, lambda: None)
    services.publish(again)
    assert SampleScore.objects.filter(pool=again, name="realism").count() == 22
    assert len(pages(client_of(viewer), again, "sort=score:realism")) == 22
    assert len(pages(client_of(viewer), again)) == 24


# --- selections -------------------------------------------------------------------------------------------------
WISH = {"sampler": "random", "sampler_settings": {}, "budget": {"kind": "per_class", "count": 3}, "seed": 5}


def test_a_further_selection_is_numbered_and_queued(client_of: ClientOf, researcher: Person, pool: Pool) -> None:
    client = client_of(researcher)
    answers = [client.post(f"/api/v1/pools/{pool.pk}/selections/", WISH, format="json") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert [answer.json()["number"] for answer in answers] == [2, 3]
    assert answers[0].json()["state"] == "queued"
    listed = client.get(f"/api/v1/pools/{pool.pk}/selections/").json()
    assert [row["number"] for row in listed] == [1, 2, 3]


def test_a_selection_is_cancelled_and_made_again(
    client_of: ClientOf, researcher: Person, reviewer: Person, pool: Pool
) -> None:
    wish = {"sampler": "random", "budget": {"kind": "per_class", "count": 2}}
    client = client_of(researcher)
    made = client.post(f"/api/v1/pools/{pool.pk}/selections/", wish, format="json").json()
    address = f"/api/v1/selections/{made['id']}/"
    assert made["actions"] == ["cancel"]
    assert client_of(reviewer).post(f"{address}cancel/").status_code == 403
    told = [client.post(f"{address}cancel/").json() for _ in range(2)]
    assert [(one["state"], one["actions"]) for one in told] == [("cancelled", ["retry"])] * 2
    assert Selection.next_due() is None
    told = client.post(f"{address}retry/").json()
    assert (told["state"], told["error"], told["finished_at"]) == ("queued", None, None)
    assert client.post(f"{address}retry/").status_code == 409
    held = Selection.claim(Selection.objects.get(pk=made["id"]).pk, new_owner(), Selection.State.SELECTING)
    assert held is not None
    assert client.post(f"{address}cancel/").json()["actions"] == []
    assert held.renew().cancel_requested
    selections.cancelled_selection(held)
    assert client.get(address).json()["state"] == "cancelled"
    first = pool.selections.get(number=1)
    assert client.post(f"/api/v1/selections/{first.pk}/cancel/").status_code == 409


def test_a_selection_whose_worker_vanished_after_it_was_cancelled_is_cancelled(pool: Pool) -> None:
    selection = selections.add_selection(pool, None, "random", {}, {"kind": "per_class", "count": 2}, 1)
    held = Selection.claim(selection.pk, new_owner(), Selection.State.SELECTING)
    assert held is not None
    selections.cancel_selection(held)
    Selection.objects.filter(pk=held.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    assert selections.settle_abandoned_selection(Selection.objects.get(pk=held.pk)) is not None
    assert Selection.objects.get(pk=held.pk).state == "cancelled"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sampler": "psychic"}, "sampler"),
        ({"sampler_settings": {"luck": 1}}, "sampler_settings.luck"),
        ({"budget": {"kind": "per_class", "count": 0}}, "budget.count"),
        ({"budget": {"kind": "counts", "counts": {"cat": 3}}}, "budget"),
        ({"budget": {"kind": "fill_to_largest"}}, "budget"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_selection_that_the_worker_would_refuse_is_refused_at_once_at_its_field(
    client_of: ClientOf, researcher: Person, pool: Pool, wrong: dict[str, Any], field: str
) -> None:
    answer = client_of(researcher).post(f"/api/v1/pools/{pool.pk}/selections/", {**WISH, **wrong}, format="json")
    assert answer.status_code == 400
    assert field in answer.json()["fields"], answer.json()
    assert pool.selections.count() == 1


# --- who may ----------------------------------------------------------------------------------------------------
def everything_of(pool: Pool) -> list[tuple[str, str, Any, str]]:
    """(method, path, body, role it needs) of every operation of the gallery."""
    sample, selection = pool.samples.get(index=0), pool.selections.get()
    return [
        ("get", f"pools/{pool.pk}/", None, "viewer"),
        ("get", f"pools/{pool.pk}/samples/", None, "viewer"),
        ("get", f"pools/{pool.pk}/selections/", None, "viewer"),
        ("post", f"pools/{pool.pk}/selections/", WISH, "researcher"),
        ("get", f"selections/{selection.pk}/", None, "viewer"),
        ("get", f"samples/{sample.pk}/", None, "viewer"),
        ("get", f"samples/{sample.pk}/image/", None, "viewer"),
        ("put", f"samples/{sample.pk}/verdict/", {"value": "accept"}, "reviewer"),
        ("delete", f"samples/{sample.pk}/verdict/", None, "reviewer"),
        ("post", f"pools/{pool.pk}/verdicts/", {"ids": [sample.pk], "value": "reject"}, "reviewer"),
        ("post", f"pools/{pool.pk}/verdicts/undo/", None, "reviewer"),
    ]


def test_another_lab_sees_none_of_it(client_of: ClientOf, outsider: Person, pool: Pool) -> None:
    client = client_of(outsider)
    for method, path, body, _ in everything_of(pool):
        answer = getattr(client, method)(f"/api/v1/{path}", body, format="json")
        assert answer.status_code == 404, path


def test_nobody_sees_it_without_logging_in(pool: Pool) -> None:
    for method, path, body, _ in everything_of(pool):
        answer = getattr(APIClient(), method)(f"/api/v1/{path}", body, format="json")
        assert answer.status_code == 401, path


@pytest.mark.parametrize("role", ["viewer", "reviewer", "researcher"])
def test_each_role_may_do_what_it_is_for_and_no_more(
    client_of: ClientOf, member: Callable[..., Person], lab: Lab, pool: Pool, role: str
) -> None:
    order = ["viewer", "reviewer", "researcher"]
    client = client_of(member(lab, role))
    for method, path, body, needed in everything_of(pool):
        answer = getattr(client, method)(f"/api/v1/{path}", body, format="json")
        allowed = order.index(role) >= order.index(needed)
        assert (answer.status_code != 403) == allowed, (path, answer.status_code)
        assert not allowed or answer.status_code < 300, (path, answer.content)


def test_a_selection_of_another_pool_is_no_filter_here(api: APIClient, researcher: Person, pool: Pool) -> None:
    other = make_pool(queue_run(pool.run.version, researcher))
    answer = api.get(f"/api/v1/pools/{pool.pk}/samples/?selection={other.selections.get().pk}")
    assert answer.status_code == 404


def test_the_answer_is_json_that_holds_no_path_of_the_server(api: APIClient, pool: Pool) -> None:
    for method, path, _, needed in everything_of(pool):
        if method == "get" and needed == "viewer" and not path.endswith("image/"):
            text = json.dumps(api.get(f"/api/v1/{path}").json())
            assert str(storage.data_folder()) not in text
            assert pool.path not in text

"""Verdicts: what people say, what it adds up to, the log of it, and taking it back."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core.errors import ConflictError
from webapp.gallery.models import Pool, Sample, Verdict, VerdictChange
from webapp.gallery.services.verdicts import decide, standing_of, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher))


def ids(pool: Pool, *indexes: int) -> list[int]:
    return [pool.samples.get(index=index).pk for index in indexes]


def standings(pool: Pool) -> dict[int, str]:
    """Index -> standing, of the samples that are decided."""
    decided = pool.samples.exclude(standing="undecided")
    return dict(decided.values_list("index", "standing"))


def check_counters(pool: Pool) -> None:
    pool.refresh_from_db()
    counts = Counter(pool.samples.values_list("standing", flat=True))
    assert (pool.num_accepted, pool.num_rejected) == (counts["accepted"], counts["rejected"])


@pytest.mark.parametrize(
    ("accepts", "rejects", "expected"),
    [
        (0, 0, "undecided"),
        (1, 0, "accepted"),
        (0, 1, "rejected"),
        (1, 1, "undecided"),
        (3, 2, "accepted"),
        (2, 3, "rejected"),
    ],
)
def test_accepted_means_more_accepts_than_rejects(accepts: int, rejects: int, expected: str) -> None:
    assert standing_of(accepts, rejects) == expected


def test_a_verdict_is_set_changed_and_cleared_by_request(client_of: ClientOf, reviewer: Person, pool: Pool) -> None:
    client, (sample,) = client_of(reviewer), ids(pool, 3)
    url = f"/api/v1/samples/{sample}/verdict/"
    answer = client.put(url, {"value": "accept"}, format="json").json()
    none = {"rating": None, "starred": False, "disputed": False, "mean_rating": None}
    assert answer["samples"] == [{"id": sample, "verdict": "accept", "standing": "accepted", **none}]
    assert (answer["num_accepted"], answer["num_rejected"]) == (1, 0)
    answer = client.put(url, {"value": "reject", "reason": "six fingers"}, format="json").json()
    assert (answer["num_accepted"], answer["num_rejected"]) == (0, 1)
    detail = client.get(f"/api/v1/samples/{sample}/").json()
    assert [(row["value"], row["reason"], row["person"]) for row in detail["verdicts"]] == [
        ("reject", "six fingers", reviewer.name)
    ]
    answer = client.delete(url).json()
    assert answer["samples"] == [{"id": sample, "verdict": None, "standing": "undecided", **none}]
    assert standings(pool) == {}
    check_counters(pool)


def test_a_pool_tells_how_far_each_class_is_judged(client_of: ClientOf, reviewer: Person, pool: Pool) -> None:
    client = client_of(reviewer)
    for value, indices in (("accept", (0, 1)), ("reject", (2,))):
        decide(pool, reviewer, ids(pool, *indices), value)
    told = client.get(f"/api/v1/pools/{pool.pk}/").json()["standings"]
    expected = {name: {"accepted": 0, "rejected": 0} for name in pool.classes}
    for sample in pool.samples.exclude(standing="undecided"):
        expected[pool.classes[sample.label]][sample.standing] += 1
    assert told == expected
    assert sum(row["accepted"] for row in told.values()) == 2


def test_the_same_verdict_again_changes_and_logs_nothing(pool: Pool, reviewer: Person) -> None:
    first = decide(pool, reviewer, ids(pool, 1, 2), "accept")
    again = decide(pool, reviewer, ids(pool, 1, 2), "accept")
    assert (len(first.verdicts), len(again.verdicts)) == (2, 0)
    assert VerdictChange.objects.count() == 2


def test_people_add_up(pool: Pool, lab: Lab, member: Callable[..., Person]) -> None:
    people = [member(lab, "reviewer") for _ in range(3)]
    (sample,) = ids(pool, 5)
    seen = []
    for person, value in zip(people, ["accept", "reject", "reject"], strict=True):
        decide(pool, person, [sample], value)
        seen.append(Sample.objects.get(pk=sample).standing)
        check_counters(pool)
    assert seen == ["accepted", "undecided", "rejected"]


def test_many_at_once_are_one_act_and_are_undone_together(client_of: ClientOf, reviewer: Person, pool: Pool) -> None:
    client, some = client_of(reviewer), ids(pool, *range(10))
    url = f"/api/v1/pools/{pool.pk}/verdicts/"
    answer = client.post(url, {"ids": some, "value": "reject"}, format="json").json()
    assert {row["id"] for row in answer["samples"]} == set(some)
    assert answer["num_rejected"] == 10
    back = client.post(f"{url}undo/").json()
    assert {row["verdict"] for row in back["samples"]} == {None}
    assert back["num_rejected"] == 0
    check_counters(pool)


def test_all_that_match_a_filter_are_one_act_and_no_others(
    client_of: ClientOf, reviewer: Person, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.gallery.services.verdicts.CHUNK", 4)
    client, url = client_of(reviewer), f"/api/v1/pools/{pool.pk}/verdicts/"
    label = pool.classes[1]
    wanted = set(pool.samples.filter(label=1).values_list("pk", flat=True))
    spared = pool.samples.filter(pk__in=wanted).first()
    assert spared is not None
    assert len(wanted) > 5
    decide(pool, reviewer, [spared.pk], "reject")
    body = {"filter": {"label": label, "standing": "undecided"}, "value": "accept"}
    answer = client.post(url, body, format="json").json()
    assert {row["id"] for row in answer["samples"]} == wanted - {spared.pk}
    assert (answer["num_changed"], answer["num_accepted"], answer["num_rejected"]) == (
        len(wanted) - 1,
        len(wanted) - 1,
        1,
    )
    check_counters(pool)
    assert client.post(f"{url}undo/").json()["num_accepted"] == 0
    assert standings(pool) == {spared.index: "rejected"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ids"),
        ({"ids": [1], "filter": {}}, "ids"),
        ({"filter": {"label": "unicorn"}}, "label"),
        ({"filter": {"standing": "lost"}}, "filter.standing"),
    ],
)
def test_samples_are_named_in_one_way_and_well(
    client_of: ClientOf, reviewer: Person, pool: Pool, body: dict[str, Any], field: str
) -> None:
    answer = client_of(reviewer).post(f"/api/v1/pools/{pool.pk}/verdicts/", {**body, "value": "accept"}, format="json")
    assert answer.status_code in (400, 422)
    assert field in answer.json()["fields"]
    assert standings(pool) == {}


def test_undo_brings_back_what_was_there_before_with_its_reason(pool: Pool, reviewer: Person) -> None:
    some = ids(pool, 1, 2, 3)
    decide(pool, reviewer, some[:1], "reject", "blurred")
    decide(pool, reviewer, some[1:2], "accept")
    decide(pool, reviewer, some, "accept")
    undo(pool, reviewer)
    verdicts = {verdict.sample_id: (verdict.value, verdict.reason) for verdict in Verdict.objects.all()}
    assert verdicts == {some[0]: ("reject", "blurred"), some[1]: ("accept", "")}
    check_counters(pool)


def test_undo_again_and_again_goes_back_to_the_beginning_and_then_says_so(pool: Pool, reviewer: Person) -> None:
    (sample,) = ids(pool, 4)
    history = []
    for value in ("accept", "reject", None, "accept"):
        history.append(Sample.objects.get(pk=sample).standing)
        decide(pool, reviewer, [sample], value)
    for before in reversed(history):
        undo(pool, reviewer)
        assert Sample.objects.get(pk=sample).standing == before
    with pytest.raises(ConflictError, match="no verdict"):
        undo(pool, reviewer)


def test_undo_takes_back_only_the_own_acts_in_this_pool(
    pool: Pool, lab: Lab, researcher: Person, member: Callable[..., Person]
) -> None:
    one, other = member(lab, "reviewer"), member(lab, "reviewer")
    second = make_pool(queue_run(pool.run.version, researcher))
    decide(pool, one, ids(pool, 1), "accept")
    decide(second, one, ids(second, 2), "accept")
    decide(pool, other, ids(pool, 3), "accept")
    undo(pool, one)
    assert standings(pool) == {3: "accepted"}
    assert standings(second) == {2: "accepted"}
    with pytest.raises(ConflictError):
        undo(pool, one)


def test_the_log_only_grows_and_tells_who_changed_what(pool: Pool, reviewer: Person) -> None:
    (sample,) = ids(pool, 4)
    decide(pool, reviewer, [sample], "accept")
    decide(pool, reviewer, [sample], "reject", "twin")
    undo(pool, reviewer)
    log = list(VerdictChange.objects.order_by("pk").values_list("before", "after", "after_reason", "person"))
    changes = [("", "accept", ""), ("accept", "reject", "twin"), ("reject", "accept", "")]
    assert log == [(*change, reviewer.pk) for change in changes]
    acts = list(VerdictChange.objects.order_by("pk").values_list("act", "undoes"))
    assert acts[2][1] == acts[1][0]


def test_one_foreign_id_among_many_and_nothing_is_applied(
    client_of: ClientOf, reviewer: Person, researcher: Person, pool: Pool
) -> None:
    other = make_pool(queue_run(pool.run.version, researcher))
    mixed = [*ids(pool, *range(8)), *ids(other, 0)]
    answer = client_of(reviewer).post(
        f"/api/v1/pools/{pool.pk}/verdicts/", {"ids": mixed, "value": "accept"}, format="json"
    )
    assert answer.status_code == 404
    assert (Verdict.objects.count(), VerdictChange.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": [], "value": "accept"},
        {"ids": [1], "value": "maybe"},
        {"ids": ["x"], "value": "accept"},
        {"ids": [1]},
        {"ids": list(range(1, 5002)), "value": "accept"},
        {"ids": [2**70], "value": "accept"},
        {"ids": [1], "value": "reject", "reason": "x" * 201},
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(
    client_of: ClientOf, reviewer: Person, pool: Pool, body: dict[str, Any]
) -> None:
    answer = client_of(reviewer).post(f"/api/v1/pools/{pool.pk}/verdicts/", body, format="json")
    assert answer.status_code == 400
    assert Verdict.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_reviewers_at_the_same_moment_lose_nothing(pool: Pool, lab: Lab, member: Callable[..., Person]) -> None:
    people = [member(lab, "reviewer") for _ in range(4)]
    some = ids(pool, *range(6))
    reviewed: list[Person] = []

    def review(person: Person, value: str) -> None:
        try:
            for pk in some:
                decide(pool, person, [pk], value)
            reviewed.append(person)
        finally:
            connections.close_all()

    values = ["accept", "accept", "accept", "reject"]
    threads = [threading.Thread(target=review, args=pair) for pair in zip(people, values, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reviewed) == 4
    assert Verdict.objects.count() == VerdictChange.objects.count() == 24
    assert standings(pool) == dict.fromkeys(range(6), "accepted")
    check_counters(pool)


ACTS = st.lists(
    st.one_of(
        st.tuples(
            st.integers(0, 1), st.sets(st.integers(0, 3), min_size=1), st.sampled_from(["accept", "reject", None])
        ),
        st.tuples(st.integers(0, 1), st.none(), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_two_people_do_and_undo_verdicts_standings_and_counters_agree_with_a_model(
    pool: Pool, lab: Lab, member: Callable[..., Person], acts: list[tuple[int, set[int] | None, str | None]]
) -> None:
    people = [member(lab, "reviewer"), member(lab, "reviewer")]
    samples = ids(pool, 0, 1, 2, 3)
    now: dict[tuple[int, int], str] = {}
    done: list[list[dict[int, str | None]]] = [[], []]
    for who, chosen, value in acts:
        if chosen is None:
            if not done[who]:
                with pytest.raises(ConflictError):
                    undo(pool, people[who])
                continue
            undo(pool, people[who])
            before = done[who].pop()
        else:
            decide(pool, people[who], [samples[place] for place in chosen], value)
            before = {place: now.get((who, place)) for place in chosen if now.get((who, place)) != value}
            if before:
                done[who].append(before)
            before = dict.fromkeys(before, value)
        for place, is_now in before.items():
            if is_now is None:
                now.pop((who, place), None)
            else:
                now[who, place] = is_now
    stored = Verdict.objects.filter(person__in=people).values_list("person", "sample", "value")
    assert set(stored) == {(people[who].pk, samples[place], value) for (who, place), value in now.items()}
    for place, sample in enumerate(samples):
        votes = Counter(value for (_, where), value in now.items() if where == place)
        assert Sample.objects.get(pk=sample).standing == standing_of(votes["accept"], votes["reject"])
    check_counters(pool)
    Verdict.objects.all().delete()
    VerdictChange.objects.all().delete()
    Sample.objects.update(standing="undecided")
    Pool.objects.update(num_accepted=0, num_rejected=0)

"""Verdicts as CSV, out and in, and what was said of one sample over time."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.webapp.streams import text_of
from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core.errors import InvalidError
from webapp.gallery.models import Pool, Verdict, VerdictChange
from webapp.gallery.services.verdict_files import import_verdicts
from webapp.gallery.services.verdicts import decide, judge, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher))


def ids(pool: Pool, *indexes: int) -> list[int]:
    return [pool.samples.get(index=index).pk for index in indexes]


def said(pool: Pool) -> set[tuple[Any, ...]]:
    rows = Verdict.objects.filter(sample__pool=pool)
    return set(rows.values_list("sample__index", "value", "reason", "rating"))


def bring(client: APIClient, pool: Pool, text: str) -> Any:
    return client.post(f"/api/v1/pools/{pool.pk}/verdicts/import/", {"csv": text}, format="json")


# --- out and in -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_what_is_downloaded_comes_in_again_as_it_was(
    client_of: ClientOf, pool: Pool, reviewer: Person, researcher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.gallery.selectors.verdicts.BATCH", 2)
    decide(pool, reviewer, ids(pool, 3, 4), "reject", '=SUM(1), "twin"\nof 5')
    judge(pool, reviewer, ids(pool, 4, 9), {"rating": 2})
    decide(pool, researcher, ids(pool, 5), "accept")
    judge(pool, reviewer, ids(pool, 7), {"starred": True})
    before = said(pool) - {(7, "", "", 0)}
    client = client_of(reviewer)
    text = text_of(client.get(f"/api/v1/pools/{pool.pk}/verdicts.csv"))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["index"], row["person"], row["value"], row["rating"]) for row in rows] == [
        ("3", reviewer.name, "reject", ""),
        ("4", reviewer.name, "reject", "2"),
        ("5", researcher.name, "accept", ""),
        ("9", reviewer.name, "", "2"),
    ]
    sample = pool.samples.get(index=4)
    assert (rows[1]["sample"], rows[1]["seed"], rows[1]["label"]) == (
        str(sample.pk),
        str(sample.seed),
        pool.classes[sample.label],
    )
    Verdict.objects.all().delete()
    answer = bring(client, pool, text)
    assert (answer.status_code, answer.json()["num_changed"]) == (200, 4)
    assert said(pool) == before
    assert set(Verdict.objects.values_list("person", flat=True)) == {reviewer.pk}


def test_a_file_is_one_act_and_leaves_alone_what_it_says_nothing_of(pool: Pool, reviewer: Person) -> None:
    judge(pool, reviewer, ids(pool, 1), {"rating": 5, "starred": True})
    act = import_verdicts(pool, reviewer, "\ufeffIndex;Value;Reason\n1;accept;\n2;Reject;twin\n;;\n")
    assert (act.num_accepted, act.num_rejected) == (1, 1)
    assert said(pool) == {(1, "accept", "", 5), (2, "reject", "twin", 0)}
    undo(pool, reviewer)
    assert said(pool) == {(1, "", "", 5)}


def test_one_row_that_cannot_be_taken_and_none_is_and_each_is_named(
    client_of: ClientOf, pool: Pool, researcher: Person, reviewer: Person
) -> None:
    foreign = make_pool(queue_run(pool.run.version, researcher)).samples.get(index=0).pk
    one, two = ids(pool, 1, 2)
    rows = [
        f"{one},,accept,,",
        f"{foreign},,accept,,",
        ",99,accept,,",
        ",x,accept,,",
        f"{two},,maybe,,",
        f"{two},,accept,6,",
        f"{two},3,accept,,",
        ",1,reject,,",
        ",,accept,,",
        f"{two},,,,because",
        f"{two},,reject,,{'x' * 201}",
    ]
    answer = bring(client_of(reviewer), pool, "\n".join(["sample,index,value,rating,reason", *rows]))
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [f"row {number}" for number in range(3, 13)]
    assert "earlier row" in answer.json()["fields"]["row 9"][0]
    assert not Verdict.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "index,reason\n1,x\n", "value\naccept\n", 'index,value\n1,"acc\0ept\n']
)
def test_a_text_that_is_no_file_of_verdicts_is_refused_with_the_columns_it_needs(
    pool: Pool, reviewer: Person, text: str
) -> None:
    with pytest.raises(InvalidError):
        import_verdicts(pool, reviewer, text)
    assert not VerdictChange.objects.exists()


def test_a_file_that_is_too_long_is_refused(pool: Pool, reviewer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.gallery.services.verdict_files.MAX_ROWS", 2)
    with pytest.raises(InvalidError, match="2 rows at most"):
        import_verdicts(pool, reviewer, "index,value\n1,accept\n2,accept\n3,accept\n")
    assert not Verdict.objects.exists()


# --- history --------------------------------------------------------------------------------------------------------
def test_a_samples_history_tells_who_said_what_and_when(
    client_of: ClientOf, viewer: Person, reviewer: Person, researcher: Person, pool: Pool
) -> None:
    (sample,) = ids(pool, 4)
    decide(pool, reviewer, [sample], "reject", "twin")
    judge(pool, researcher, [sample], {"rating": 4})
    judge(pool, reviewer, [sample], {"starred": True})
    undo(pool, researcher)
    decide(pool, researcher, ids(pool, 5), "accept")
    url = f"/api/v1/samples/{sample}/history/?limit=2"
    first = client_of(viewer).get(url).json()
    rows = first["results"] + client_of(viewer).get(first["next"]).json()["results"]
    none = {"value": None, "reason": "", "rating": None}
    assert [(row["person"], row["before"], row["after"], row["is_undo"]) for row in rows] == [
        (researcher.name, none | {"rating": 4}, none, True),
        (researcher.name, none, none | {"rating": 4}, False),
        (reviewer.name, none, none | {"value": "reject", "reason": "twin"}, False),
    ]
    assert [row["changed_at"] for row in rows] == sorted((row["changed_at"] for row in rows), reverse=True)

"""The table of version floors: what it refuses, and when it reminds."""

from datetime import timedelta

import pytest

from webapp.core import version_floors
from webapp.core.version_floors import below, faults, parts, read_table, warnings


@pytest.mark.parametrize(
    ("text", "numbers"), [("2.13.0+cpu", (2, 13, 0)), ("5.2.19", (5, 2, 19)), ("9.1.2.post2", (9, 1, 2)), ("13", (13,))]
)
def test_a_version_is_read_up_to_its_local_part(text: str, numbers: tuple[int, ...]) -> None:
    assert parts(text) == numbers


@pytest.mark.parametrize(
    ("found", "floor"),
    [((3, 11, 7), "3.11.14"), ((3, 11, 14), None), ((3, 13, 6), None), ((3, 14, 0), None), ((3, 10, 9), "3.11.14")],
)
def test_a_series_is_measured_by_its_own_floor(found: tuple[int, ...], floor: str | None) -> None:
    assert below(found, ["3.11.14", "3.12.12", "3.13.6"]) == floor


def test_what_is_installed_is_at_or_above_every_floor() -> None:
    assert faults() == []


def test_a_package_below_its_floor_is_named_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_floors, "version", lambda name: "0.1")
    assert len(faults()) == len(read_table()["packages"])
    assert "pillow 0.1 is below 13.0.0" in " ".join(faults())


def test_a_table_that_nobody_read_for_a_month_reminds_and_does_not_fail() -> None:
    late = read_table()["reviewed"] + timedelta(days=31)
    assert any("31 days ago" in sentence for sentence in warnings(late))
    assert not any("days ago" in sentence for sentence in warnings(read_table()["reviewed"]))

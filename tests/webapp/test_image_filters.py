"""Knowing a version's images: their issues, how they spread, and lists of those that match."""

from collections.abc import Callable
from typing import Any, get_type_hints

import pytest
from rest_framework.test import APIClient

from ml.issues import judge
from ml.look import Look
from tests.worlds import make_dataset
from webapp.accounts.models import Lab, Person
from webapp.datasets.models import DatasetImage, DatasetVersion
from webapp.datasets.services.versions import LOOK, earlier_images

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
Client = Callable[[Person], APIClient]
Ask = Callable[..., Any]
LOOKS = {"darkest": 3, "lightest": 250, "sharpness": 0.5, "entropy": 7.0}


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    """14 images of 16 x 16, the last 20 x 40, of grey 0, 10, 20 …; 2 is dark and blurry, 3 dark, 4 is near to 5."""
    version = make_dataset(lab, 4, 2, 1)
    for index in range(14):
        version.images.filter(index=index).update(brightness=10.0 * index, **LOOKS)
    version.images.filter(index=2).update(issues=" dark blurry ")
    version.images.filter(index=3).update(issues=" dark ")
    version.images.filter(index__in=[4, 5]).update(near=4)
    version.images.filter(index=13).update(width=20, height=40)
    return version


@pytest.fixture
def ask(version: DatasetVersion, viewer: Person, client_of: Client) -> Ask:
    """ask(what, **query) -> the answer's JSON for the version."""

    def get(what: str, status: int = 200, **query: Any) -> Any:
        answer = client_of(viewer).get(f"/api/v1/versions/{version.pk}/{what}/", query)
        assert answer.status_code == status, answer.content
        return answer.json()

    return get


def indices(ask: Ask, **query: Any) -> list[int]:
    """Of the list, which must be those that marking all marks."""
    found = [image["index"] for image in ask("images", **query)["results"]]
    assert ask("images/indices", **query) == {"indices": found}
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"issue": "dark"}, [2, 3]),
        ({"issue": "blurry"}, [2]),
        ({"issue": "light"}, []),
        ({"issue": "near_duplicates"}, [4, 5]),
        ({"brightness_from": 30, "brightness_to": 50}, [3, 4]),
        ({"side_from": 17}, [13]),
        ({"side_to": 40, "brightness_from": 120}, [12]),
        ({"label": "bar", "split": "test"}, [12]),
        ({"issue": "dark", "label": "dot"}, []),
        ({"issue": "", "label": "", "split": "", "brightness_to": 15}, [0, 1]),
    ],
)
def test_filters_go_together(ask: Ask, query: dict[str, Any], expected: list[int]) -> None:
    assert indices(ask, **query) == expected


@pytest.mark.parametrize("query", [{"issue": "loud"}, {"split": "all"}, {"side_from": "x"}, {"brightness_to": "high"}])
def test_a_filter_that_makes_no_sense_is_said_at_its_name(ask: Ask, query: dict[str, Any]) -> None:
    for what in ("images", "images/indices", "charts"):
        assert list(ask(what, status=400, **query)["fields"]) == list(query)


def test_an_image_tells_its_issues_and_its_look(ask: Ask) -> None:
    shown = ask("images")["results"]
    assert [shown[index]["issues"] for index in (0, 2, 4)] == [[], ["dark", "blurry"], ["near_duplicates"]]
    assert (shown[2]["brightness"], shown[2]["sharpness"], shown[2]["entropy"]) == (20.0, 0.5, 7.0)


def test_charts_count_all_images(ask: Ask, version: DatasetVersion) -> None:
    charts = ask("charts")
    assert charts["images"] == 14
    assert charts["classes"] == version.counts
    assert sum(bar["images"] for bar in charts["brightness"]) == 14
    assert charts["brightness"][1] == {"low": 16, "high": 32, "images": 2}
    assert charts["side"] == [{"low": 16, "high": 17, "images": 13}, {"low": 40, "high": 41, "images": 1}]


def test_a_chart_obeys_the_filters_but_its_own(ask: Ask) -> None:
    charts = ask("charts", brightness_from=16, brightness_to=32, label="bar")
    assert charts["images"] == len(indices(ask, brightness_from=16, brightness_to=32, label="bar")) == 2
    assert charts["classes"] == {"train": {"bar": 2}}
    assert sum(bar["images"] for bar in charts["brightness"]) == 7  # all bars' images, whatever their brightness
    assert charts["side"] == [{"low": 16, "high": 17, "images": 2}, {"low": 40, "high": 41, "images": 0}]


def test_many_sizes_are_charted_from_power_to_power_and_unmeasured_images_in_no_band(
    ask: Ask, version: DatasetVersion
) -> None:
    for index in range(14):
        version.images.filter(index=index).update(width=20 + 20 * index, height=8, brightness=None)
    charts = ask("charts")
    assert [(bar["low"], bar["high"]) for bar in charts["side"]] == [
        (16, 32),
        (32, 64),
        (64, 128),
        (128, 256),
        (256, 512),
    ]
    assert [bar["images"] for bar in charts["side"]] == [1, 2, 3, 6, 2]
    assert charts["brightness"] == []


def test_the_next_version_takes_over_what_was_measured(version: DatasetVersion) -> None:
    version.images.filter(index=1).update(brightness=None)
    later = DatasetVersion(base=version, edits={"exclude": {"images": [], "classes": []}, "relabel": {}})
    first, second, *_ = earlier_images(later)
    assert first["look"] == {"brightness": 0.0, **LOOKS}
    assert second["look"] is None


def test_what_is_stored_has_the_names_that_are_judged_and_measured() -> None:
    assert tuple(get_type_hints(Look)) == LOOK
    known = {*DatasetImage.Issue.values} - {DatasetImage.Issue.NEAR_DUPLICATES}
    grey = [type("Seen", (), {"look": None, "width": 9, "height": 9, "is_grey": True})() for _ in range(3)]
    assert set(judge(grey).usual) <= known


def test_what_was_said_of_an_image_goes_before_what_was_said_of_its_class(version: DatasetVersion) -> None:
    edits = {
        "exclude": {"images": [], "classes": []},
        "relabel": {"line": {"images": [], "classes": ["bar"]}, "dash": {"images": [0], "classes": ["dot"]}},
    }
    labels = [image["label"] for image in earlier_images(DatasetVersion(base=version, edits=edits))]
    assert labels[:5] == ["dash", "line", "line", "line", "dash"]

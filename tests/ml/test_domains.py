"""Which two classes a model of two domains learns."""

import pytest

from ml.domains import choose_domains, why_no_domains
from ml.errors import BadSettingsError

CLASSES = ("bar", "disc", "frame")


@pytest.mark.parametrize(
    ("one", "other", "chosen"),
    [
        ("", "", ("bar", "disc")),
        ("frame", "", ("frame", "disc")),
        ("disc", "", ("disc", "bar")),
        ("", "bar", ("disc", "bar")),
        ("", "frame", ("bar", "frame")),
        ("frame", "bar", ("frame", "bar")),
    ],
)
def test_two_different_classes_are_chosen_and_the_same_two_where_only_these_are_left(
    one: str, other: str, chosen: tuple[str, str]
) -> None:
    named = {"domain_a": one, "domain_b": other}
    assert choose_domains(named, CLASSES) == choose_domains(named, chosen) == chosen


@pytest.mark.parametrize(
    ("one", "other", "setting", "says"),
    [
        ("bars", "disc", "domain_a", "'bars', which is no class of the dataset; choose one of: bar, disc, frame."),
        ("bar", "discs", "domain_b", "'discs', which is no class"),
        ("bar", "bar", "domain_b", "Both domains are 'bar'; choose another class as domain_b"),
    ],
)
def test_a_class_that_is_not_there_or_is_named_twice_is_refused_at_its_setting(
    one: str, other: str, setting: str, says: str
) -> None:
    named = {"domain_a": one, "domain_b": other}
    refused = why_no_domains(named, CLASSES)
    assert refused is not None
    assert refused[0] == setting
    assert says in refused[1]
    with pytest.raises(BadSettingsError, match=says[:20]):
        choose_domains(named, CLASSES)

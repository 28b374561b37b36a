"""What an attribute study tells, as plain data. Importing this module never imports torch."""

from collections.abc import Sequence
from typing import Final, Literal

from typing_extensions import TypedDict

from ml.attribute_lines import shortened


class Spread(TypedDict):
    """Over seeds; mean is None where nothing was measured, low and high where there are fewer than two seeds."""

    mean: float | None
    low: float | None
    high: float | None


class ArtResult(TypedDict):
    """by_attribute, average: target attribute recognition rates; identity and reconstruction as in `Edits`; num_seeds:
    trainings that were measured."""

    name: str
    num_seeds: int
    by_attribute: list[Spread]
    average: Spread
    identity: Spread
    reconstruction: Spread


class AttributeResult(TypedDict):
    """co_occurrence: M[i][j] = P(j | i) of the training images; classifier: its balanced accuracy on held-out real
    images; best, sentence: see `verdict`, None and empty while trainings are missing.
    """

    names: list[str]
    co_occurrence: list[list[float]]
    num_held_out: int
    num_seeds: int
    classifier: list[float | None]
    arts: list[ArtResult]
    best: str | None
    sentence: str


# --- events -----------------------------------------------------------------------------------------------------
class ArtBegun(TypedDict):
    """An attribute study goes on to a training: `seed` of the art `name`, training `number` of all, both from 1."""

    event: Literal["art"]
    name: str
    seed: int
    number: int
    num_trainings: int


class ArtMeasured(TypedDict):
    """A training of an attribute study is measured, and its folder needed no more; `result` is the table so far."""

    event: Literal["art_measured"]
    folder: str
    num_done: int
    num_trainings: int
    result: AttributeResult


class AttributeStudyDone(TypedDict):
    event: Literal["result"]
    result: AttributeResult


# --- the verdict -----------------------------------------------------------------------------------------------
MOST_NAMED: Final = 3


def verdict(arts: Sequence[ArtResult]) -> tuple[str | None, str]:
    """The art whose average is best, if its whole interval lies above those of all others; and a sentence of it."""
    measured = [(mean, art) for art in arts if (mean := art["average"]["mean"]) is not None]
    if not measured:
        return None, "Nothing was measured: no held-out image has an attribute that could be turned around."
    (_, first), *others = sorted(measured, key=lambda one: one[0], reverse=True)
    if not others:
        return None, f"{_in_words(first)}; there is nothing beside it."
    low = first["average"]["low"]
    if low is None:
        return (
            None,
            f"{_in_words(first)}, more than any other; of one training each nothing is said about which is best.",
        )
    near = [shortened(art["name"]) for _, art in others if (high := art["average"]["high"]) is None or high >= low]
    if near:
        named = ", ".join(near[:MOST_NAMED]) + (f" and {len(near) - MOST_NAMED} more" if near[MOST_NAMED:] else "")
        return None, f"Not told apart: {_in_words(first)}, and the intervals of {named} reach it."
    return first["name"], f"{_in_words(first)}; no other interval reaches that."


def _in_words(art: ArtResult) -> str:
    mean, low, high = (art["average"][part] for part in ("mean", "low", "high"))
    interval = "" if low is None or high is None else f" ({_percent(low)} to {_percent(high)})"
    return f"{shortened(art['name'])} changes {_percent(mean or 0.0)} % of attributes as asked{interval}"


def _percent(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.1f}"

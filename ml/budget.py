"""How many synthetic images of each class are wanted, in the five ways people say it."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ml.errors import BadBudgetError

MAX_IMAGES = 1_000_000
MAX_CANDIDATES = 4_000_000


class _Budget(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PerClass(_Budget):
    """The same number for every class."""

    kind: Literal["per_class"] = "per_class"
    count: int = Field(200, ge=1, le=MAX_IMAGES, description="Synthetic images to keep of every class.")


class FillToLargest(_Budget):
    """As many as every class lacks to the size of the largest one."""

    kind: Literal["fill_to_largest"] = "fill_to_largest"


class FillTo(_Budget):
    """As many as every class lacks to `count` real and synthetic images together."""

    kind: Literal["fill_to"] = "fill_to"
    count: int = Field(
        1000,
        ge=1,
        le=MAX_IMAGES,
        description="Real training images and synthetic ones together, of every class; one that has them gets none.",
    )


class Counts(_Budget):
    """A number for each class; a class left out gets none."""

    kind: Literal["counts"] = "counts"
    counts: dict[str, Annotated[int, Field(ge=0, le=MAX_IMAGES)]] = Field(
        default_factory=dict, description="Synthetic images to keep, by class."
    )


class Multiple(_Budget):
    """A multiple of the real training images of each class."""

    kind: Literal["multiple"] = "multiple"
    factor: float = Field(
        1.0,
        gt=0,
        le=1000,
        allow_inf_nan=False,
        description="Synthetic images to keep per real training image: 1 doubles the training set.",
    )


Budget = PerClass | FillToLargest | FillTo | Counts | Multiple
_READER: TypeAdapter[Budget] = TypeAdapter(Annotated[Budget, Field(discriminator="kind")])


def budget_schema() -> dict[str, Any]:
    """JSON Schema of a budget."""
    return _READER.json_schema()


def read_budget(value: Mapping[str, Any]) -> Budget:
    """A budget from plain values.

    Raises: BadBudgetError.
    """
    try:
        return _READER.validate_python(dict(value))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"][1:]) or "kind"
        raise BadBudgetError(
            f"The budget does not fit: {where}: {fault['msg']} (found {fault['input']!r}); expected one of "
            f"per_class with count, fill_to_largest, fill_to with count, counts with a number per class, "
            f"multiple with factor."
        ) from error


def resolve(budget: Mapping[str, Any] | Budget, train_counts: Mapping[str, int]) -> dict[str, int]:
    """Images wanted of each class, in the order of `train_counts` (class -> real training images).

    Raises: BadBudgetError when nothing, too much, or an unknown class is asked for.
    """
    asked = budget if isinstance(budget, _Budget) else read_budget(budget)
    wanted = _wanted(asked, train_counts)
    total = sum(wanted.values())
    if total == 0:
        raise BadBudgetError(_nothing_to_make(asked, train_counts))
    if total > MAX_IMAGES:
        raise BadBudgetError(f"The budget asks for {total:,} images; at most {MAX_IMAGES:,} can be kept, so lower it.")
    return wanted


def only_made(wanted: Mapping[str, int], made: Sequence[str]) -> dict[str, int]:
    """The same, with none of the classes that a model does not make.

    Raises: BadBudgetError when nothing is left.
    """
    answer = {name: number if name in made else 0 for name, number in wanted.items()}
    if not any(answer.values()):
        raise BadBudgetError(
            f"The budget asks for none of what the model makes, {', '.join(made)}; ask for some of it."
        )
    return answer


def pool_sizes(wanted: Mapping[str, int], pool_factor: float) -> dict[str, int]:
    """Candidates to generate of each class: `pool_factor` per image asked for, rounded up.

    Raises: BadBudgetError when the factor is below 1 or the pool too large.
    """
    if not 1 <= pool_factor <= 1000:
        raise BadBudgetError(
            f"The pool factor is {pool_factor}; it must lie between 1 (no choice among candidates) and 1000."
        )
    # 3 * 1.1 is 3.3000000000000003: rounding before the ceiling keeps a product that people see as whole, whole
    sizes = {name: math.ceil(round(count * pool_factor, 6)) for name, count in wanted.items()}
    total = sum(sizes.values())
    if total > MAX_CANDIDATES:
        raise BadBudgetError(
            f"The budget times the pool factor makes {total:,} candidates; at most {MAX_CANDIDATES:,} fit into a pool, "
            f"so lower the budget or the factor."
        )
    return sizes


def _wanted(budget: Budget, train_counts: Mapping[str, int]) -> dict[str, int]:
    match budget:
        case PerClass(count=count):
            return dict.fromkeys(train_counts, count)
        case FillToLargest():
            largest = max(train_counts.values(), default=0)
            return {name: largest - count for name, count in train_counts.items()}
        case FillTo(count=target):
            return {name: max(0, target - count) for name, count in train_counts.items()}
        case Counts(counts=counts):
            return _known(counts, train_counts)
        case Multiple(factor=factor):
            return {name: math.floor(factor * count + 0.5) for name, count in train_counts.items()}


def _known(counts: Mapping[str, int], train_counts: Mapping[str, int]) -> dict[str, int]:
    unknown = sorted(name for name, count in counts.items() if count and name not in train_counts)
    if unknown:
        raise BadBudgetError(
            f"The budget names {', '.join(map(repr, unknown[:5]))}, which are no classes that can be "
            f"made here; these are {', '.join(map(repr, list(train_counts)[:20]))}."
        )
    return {name: counts.get(name, 0) for name in train_counts}


def _nothing_to_make(budget: Budget, train_counts: Mapping[str, int]) -> str:
    if isinstance(budget, FillToLargest):
        size = max(train_counts.values(), default=0)
        return f"Every class already has {size} training images, so there is nothing to fill up; choose another budget."
    if isinstance(budget, FillTo):
        least = min(train_counts.values(), default=0)
        return (
            f"Every class already has {least} training images or more, so none lacks any to {budget.count}; "
            f"fill up to a larger number."
        )
    return "The budget asks for 0 images; ask for at least one image of one class."


WAYS = (
    "200 (per class), 2x (of the real size), fill (up to the largest class), fill:500 (up to 500 real and synthetic "
    "together), or cat=50,dog=20"
)


def parse_budget(text: str) -> dict[str, Any]:
    """A budget as typed on a command line: the ways of WAYS.

    Raises: BadBudgetError.
    """
    words = text.strip()
    if words == "fill":
        return {"kind": "fill_to_largest"}
    if words.startswith("fill:"):
        return {"kind": "fill_to", "count": _number(words.removeprefix("fill:"), int, text)}
    if "=" in words:
        pairs = [part.rpartition("=") for part in words.split(",")]
        counts = {name.strip(): _number(count, int, text) for name, _, count in pairs}
        return {"kind": "counts", "counts": counts}
    if words.endswith("x"):
        return {"kind": "multiple", "factor": _number(words[:-1], float, text)}
    return {"kind": "per_class", "count": _number(words, int, text)}


def _number(word: str, kind: type[int] | type[float], text: str) -> int | float:
    try:
        return kind(word)
    except ValueError as error:
        raise BadBudgetError(f"The budget {text!r} is none; expected {WAYS}.") from error

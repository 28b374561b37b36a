"""Who fits whom, computed from what each side says of itself; the same words in the web and on the command line."""

from collections.abc import Mapping, Sequence
from typing import Any

MODEL_SCORES = "x-model-scores"
"""In the JSON Schema of a sampler's setting: those of its values that name a score of the model, which is then read."""


def scores_read(needs: Sequence[str], schema: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Scores of the model that a sampler reads with these settings (all of them): what it needs, and what they name."""
    fields = schema.get("properties", {}).items()
    named = [settings[name] for name, field in fields if settings[name] in field.get(MODEL_SCORES, ())]
    return tuple(dict.fromkeys((*needs, *named)))


def why_unsuitable(
    sampler: str, needs: Sequence[str], model: str, provides: Mapping[str, str | None], settings: Mapping[str, Any]
) -> str | None:
    """None when the model, with these settings (all of them), gives every score the sampler needs; else why not."""
    never = [score for score in needs if score not in provides]
    if never:
        return (
            f"The sampler {sampler} ranks by {_words(never)}, which the model {model} cannot give; choose another "
            f"sampler, or a model that provides it."
        )
    for score in needs:
        setting = provides[score]
        if setting is not None and not settings[setting]:
            return (
                f"The sampler {sampler} ranks by {_words([score])}, which the model {model} gives only with {setting} "
                f"above 0; raise it, or choose another sampler."
            )
    return None


def missing_fields(model: str, consumes: Sequence[str], dataset_kind: str, yields: Sequence[str]) -> str | None:
    """None when a dataset kind yields all that a model consumes; else why not."""
    missing = [field for field in consumes if field not in yields]
    if not missing:
        return None
    return (
        f"The model {model} learns from {', '.join(consumes)}, and a dataset of the kind {dataset_kind} has no "
        f"{', '.join(missing)}; choose another model, or another dataset."
    )


def lacking(model: str, field: str, setting: str, value: str) -> str:
    """What a person reads where a setting asks for a field that a dataset's kind does not yield."""
    what = {"source": "no pairs of images", "attributes": "no attributes"}[field]
    return (
        f"With {setting} {value}, the model {model} learns from a dataset's {field}, and this one has {what}; choose "
        f"another value of {setting}, or another dataset."
    )


def too_few_classes(model: str, min_classes: int, number: int) -> str | None:
    """None when there are as many classes as a model needs; else why not."""
    if number >= min_classes:
        return None
    return (
        f"The model {model} needs at least {min_classes} classes and the dataset has {number}; choose another model, "
        "or another dataset."
    )


def _words(scores: Sequence[str]) -> str:
    return ", ".join(score.replace("_", " ") for score in scores)

"""The ways to edit attributes that a study compares, as they are written: a model with its settings, in one line each.

stargan                                      a model with its own defaults
stargan:condition_type=gcn,condition_mode=diff

Importing this module never imports torch.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ml.errors import BadSettingsError

WORD_VECTORS: Final = "ATELIER_WORD_VECTORS"
"""The environment's variable that names a file of word vectors, see `ml/word_vectors.py`."""
ALIKE: Final = ("resolution", "fit", "channels", "batch_size", "num_steps")
"""Settings that all arts share, so that they learn from the same images in as many steps."""
USUAL_BATCH: Final = 16
"""Images in a batch where nothing is said: models have defaults of their own, and all arts must be alike."""
MAX_SHOWN: Final = 80
"""Signs of an art where it is told: one may hold a matrix."""


@dataclass(frozen=True)
class Published:
    """An art that is compared in print, or stands beside those that are; `line` is how it is written."""

    line: str
    title: str
    summary: str


PUBLISHED: Final = (
    Published("icgan", "IcGAN", "Two encoders invert a conditional GAN; attributes are replaced in what they find."),
    Published("fader", "Fader Networks", "A code that is taught to know nothing of attributes; a decoder adds them."),
    Published("attgan", "AttGAN", "A code and the whole target; a classifier holds the result to it."),
    Published("stgan", "STGAN", "Told only what changes; units on the skips select what of the source passes."),
    Published("stargan", "StarGAN", "Told the whole target; one critic judges images and names their attributes."),
    Published(
        "stargan:multi_task_weight=0.5",
        "StarGAN, multi-task",
        "What the critic mistakes of one attribute teaches related ones, too.",
    ),
    Published("stargan:condition_mode=diff", "StarGAN, differences", "Told only what comes and what goes."),
    Published(
        "stargan:condition_type=co_occurrence,condition_mode=diff",
        "Co-occurrence",
        "Each attribute as how often the others come with it.",
    ),
    Published(
        "stargan:condition_type=word2vec,condition_mode=diff",
        "Word vectors",
        "Each attribute as the vector of its name; the server must have word vectors.",
    ),
    Published(
        "stargan:condition_type=latent",
        "Latent",
        "Each attribute as what images that have it add to a classifier's features.",
    ),
    Published(
        "stargan:condition_type=latent,condition_mode=diff",
        "Latent, differences",
        "The same, told only what comes and what goes.",
    ),
    Published(
        "stargan:condition_type=classifier_weights,condition_mode=diff",
        "Classifier weights",
        "Each attribute as the weights by which a trained classifier finds it.",
    ),
    Published(
        "stargan:condition_type=gcn,condition_mode=diff",
        "Graph convolution (GCN)",
        "Each attribute from a graph of what occurs together, trained with the generator.",
    ),
    Published(
        "stargan:condition_type=gcn,condition_mode=diff,multi_task_weight=0.5",
        "GCN, multi-task",
        "The same, and mistakes on one attribute teach related ones, too.",
    ),
)
"""The rows of the published tables, and the methods that they are beside."""
COMPARED: Final = tuple(one.line for one in PUBLISHED)


@dataclass(frozen=True)
class ArtLine:
    """An art as it was written: `name`, and what is read from it."""

    name: str
    model: str
    settings: dict[str, Any]


def shortened(name: str) -> str:
    """An art's name as it stands in a sentence."""
    return name if len(name) <= MAX_SHOWN else f"{name[: MAX_SHOWN - 1]}…"


def why_not_supplied(name: str, settings: Mapping[str, Any]) -> str | None:
    """What the art `name`, so set, needs of a person who runs the server and has not got; None where there is nothing.

    Whether the words of these very names are there is seen when it is to be trained.
    """
    if settings.get("condition_type") != "word2vec" or os.environ.get(WORD_VECTORS):
        return None
    return (
        f"{name} needs word vectors, and the server has none; leave it out, or have {WORD_VECTORS} set to a file of "
        f"words and their numbers."
    )


def read_lines(names: Sequence[str]) -> list[ArtLine]:
    """Raises: BadSettingsError."""
    lines = [_read(name.strip()) for name in names]
    told = [line.name for line in lines]
    twice = [name for place, name in enumerate(told) if name in told[:place]]
    if twice:
        raise BadSettingsError(f"The art {shortened(twice[0])} is named twice; name each once.")
    return lines


def _read(text: str) -> ArtLine:
    name, _, rest = text.partition(":")
    # a value may hold commas itself, such as a matrix
    own = dict(_pair(text, part) for part in re.split(r",\s*(?=[A-Za-z_]\w*=)", rest) if part.strip())
    if alike := sorted(set(own) & set(ALIKE)):
        raise BadSettingsError(
            f"{shortened(text)} sets {', '.join(alike)}, in which all arts must be alike; set it for all of them "
            f"together (--set)."
        )
    return ArtLine(text, name.strip(), own)


def _pair(text: str, part: str) -> tuple[str, Any]:
    name, equals, value = part.partition("=")
    if not equals:
        raise BadSettingsError(
            f"{shortened(part)!r} in {shortened(text)} has no value; write it as stargan:condition_mode=diff."
        )
    try:
        return name.strip(), json.loads(value, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return name.strip(), value.strip()


def _no_number(text: str) -> None:
    """NaN and the infinities are within no bounds, and no JSON. Raises: ValueError."""
    raise ValueError(text)

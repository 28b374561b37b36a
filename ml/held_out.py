"""Translations to be compared with what they should look like: those of a pool, and those of images held out.

Sources are training images, so that what is made of them says how well pairs were learnt; what is made of validation
images says how well the model does on images that it never saw.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.device import choose_precision
from ml.features import Encoder
from ml.generation import generate_with_views
from ml.images import Pixels
from ml.metric import Translated
from ml.model import Model, ModelSettings, TranslationModel
from ml.pack import Pack
from ml.pool import Pool
from ml.sources import Sources

MOST: Final = 512
"""Validation images that are translated; half as many above 64 pixels."""
CHUNK: Final = 256

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class HeldOut:
    """Validation images as sources, and which of them become which class: label, seed int64 [N]."""

    sources: Sources
    label: Rows
    seed: Rows

    @classmethod
    def of(cls, model: type[Model], settings: ModelSettings, pack: Pack) -> "HeldOut | None":
        """Evenly over classes, each with different images; None for a model from noise, or where there are none."""
        if not issubclass(model, TranslationModel):
            return None
        sources = Sources.of(model, settings, pack, "val")
        numbers = [len(rows) for rows in sources.rows]
        if not any(numbers):
            return None
        most = (MOST if pack.resolution <= 64 else MOST // 2) // sum(number > 0 for number in numbers)
        taken = [_spread(number, max(1, most)) for number in numbers]
        label = np.repeat(np.arange(len(taken), dtype=np.int64), [len(seeds) for seeds in taken])
        return cls(sources, label, np.concatenate(taken))


def of_pool(pool: Pool, rows: Rows, encoder: Encoder) -> Translated | None:
    """Some of a pool's images; None where they were not made from others."""
    if not pool.facts.views:
        return None
    return _translated(pool.label[rows], pool.facts.views, lambda part: pool.views_at(rows[part]), encoder)


def of_validation(model: Model, pack: Pack, encoder: Encoder) -> Translated | None:
    """What a trained model makes of validation images."""
    held = HeldOut.of(type(model), model.settings, pack)
    if held is None or not isinstance(model, TranslationModel):
        return None

    def make(part: slice) -> Mapping[str, Pixels]:
        device = encoder.net.mean.device
        precision = choose_precision(model.settings.precision, device)
        return generate_with_views(model, held.label[part], held.seed[part], device, precision, held.sources)

    return _translated(held.label, model.views, make, encoder)


def _translated(
    label: Rows, views: tuple[str, ...], make: Callable[[slice], Mapping[str, Pixels]], encoder: Encoder
) -> Translated:
    def chunks() -> Iterator[Mapping[str, Pixels]]:
        for at in range(0, len(label), CHUNK):
            yield make(slice(at, at + CHUNK))

    return Translated(label, frozenset(views), chunks, encoder.appearance)


def _spread(number: int, most: int) -> Rows:
    """int64, ascending: all of 0..number-1, or `most` of them, evenly."""
    return np.unique(np.linspace(0, number - 1, min(number, most)).round().astype(np.int64)) if number else _NONE


_NONE: Final = np.empty(0, np.int64)

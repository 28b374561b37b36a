"""The training images that a translation starts from: which, and how one is picked.

Of those that may become a class, in the order of the pack, the seed's remainder picks one; so class and seed alone say
which image a result was made from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadBudgetError, BadSettingsError
from ml.feed import batch_of
from ml.model import Batch, Integers, Model, ModelSettings, TranslationModel
from ml.pack import Pack, Rows
from ml.records import ImageRecord
from ml.suitability import lacking

SPAN = 2**53
"""Seeds stay below it."""


class Sources:
    """The sources for each class of a pack. rows: class number -> rows of the pack, ascending; of_pairs: whether the
    given halves of pairs are the sources."""

    def __init__(self, pack: Pack, rows: Sequence[Rows], of_pairs: bool = False) -> None:
        self.pack, self.rows, self.of_pairs = pack, rows, of_pairs

    @classmethod
    def of(cls, model: type[TranslationModel], settings: ModelSettings, pack: Pack, split: str = "train") -> "Sources":
        """Images of a split that a model with these settings can turn into each class."""
        rows = pack.rows(split)
        return cls(
            pack,
            [rows[may_become(model, settings, pack, rows, to)] for to in range(len(pack.classes))],
            model.uses_pairs(settings) and pack.source is not None,
        )

    def at(self, labels: Integers, seeds: Integers) -> Rows:
        """The rows of the pack that these classes and seeds pick. Raises: BadBudgetError for a class without any."""
        picked = np.empty(len(labels), np.int64)
        for place, (label, seed) in enumerate(zip(labels, seeds, strict=True)):
            rows = self.rows[int(label)]
            if not len(rows):
                raise BadBudgetError(
                    f"No training image can become {self.pack.classes[int(label)]!r} by this model; ask for none of it."
                )
            picked[place] = rows[int(seed) % len(rows)]
        return picked

    def batch(self, labels: Integers, seeds: Integers, image_range: tuple[float, float]) -> Batch:
        """See `ml.model.SourceImages`."""
        read = batch_of(self.pack.read_whole(self.at(labels, seeds)), image_range)
        if read.source is None or not self.of_pairs:
            return replace(read, source=None)
        return Batch(read.source, read.label, None, read.attributes, read.image)

    def evenly(self, labels: Rows, seeds: Rows, run_seed: int) -> Rows:
        """Seeds nearly as these, by which each class's sources are used equally often: within a round each comes once,
        in an order of its own. A larger number of them begins with those of a smaller one."""
        answer = seeds.copy()
        for label in np.unique(labels):
            places, number = np.flatnonzero(labels == label), len(self.rows[int(label)])
            if number:
                order = _rounds(len(places), number, (run_seed % 2**64, int(label)))
                answer[places] = np.minimum(seeds[places], SPAN - 1 - number) // number * number + order
        return answer


def may_become(
    model: type[TranslationModel], settings: ModelSettings, pack: Pack, rows: Rows, target: int
) -> NDArray[np.bool_]:
    """bool [len(rows)]: those images from which the model can make the class `target`.

    Where classes are attributes, that is those known to lack it, or to have it if the model keeps an image's class.
    """
    if pack.attribute is not None and pack.classes[target] in pack.attributes:
        known = pack.attribute[rows, pack.attributes.index(pack.classes[target])]
        return np.asarray(known == int(model.keeps_class))
    number = len(pack.classes)
    allowed = np.array([model.starts_from(settings, label, target, number) for label in range(number)])
    return np.asarray(allowed[pack.label[rows]])


def check_fields(
    model: type[Model],
    settings: ModelSettings,
    records: Sequence[ImageRecord],
    attributes: Sequence[str],
    wanted: Mapping[str, int],
) -> None:
    """wanted: class -> images to keep.

    Raises: BadSettingsError when a setting asks for what the dataset's images do not have; BadBudgetError for an
    attribute that no training image is known to lack.
    """
    if issubclass(model, TranslationModel):
        learnt = [record.attributes for record in records if record.split == "train"]
        for place, name in enumerate(attributes):
            if wanted.get(name) and not any(said[place] == "0" for said in learnt):
                raise BadBudgetError(
                    f"No training image is known to lack {name!r}, so none can be made to have it; ask for none of it."
                )
    there = {"source": any(record.pair is not None for record in records), "attributes": bool(attributes)}
    for field, (setting, value) in model.also_consumes.items():
        if getattr(settings, setting) == value and not there[field]:
            raise BadSettingsError(lacking(model.name, field, setting, value))


def labels_shown(model: type[Model], settings: ModelSettings, pack: Pack) -> tuple[int, ...]:
    """Numbers of the classes that it makes images of here: those of a translation have sources."""
    made = model.labels_made(settings, len(pack.classes))
    if not issubclass(model, TranslationModel):
        return made
    rows = Sources.of(model, settings, pack).rows
    return tuple(label for label in made if len(rows[label])) or made


def give_sources(model: Model, pack: Pack) -> None:
    """Let a model that translates find its sources; nothing for one that starts from noise."""
    if isinstance(model, TranslationModel):
        model.sources = Sources.of(type(model), model.settings, pack)


def _rounds(length: int, number: int, key: tuple[int, int]) -> Rows:
    turns = [np.random.default_rng([*key, turn, 0x50]).permutation(number) for turn in range(-(-length // number))]
    return np.concatenate(turns)[:length] if turns else np.empty(0, np.int64)

"""The contract of a model: one published generative method.

A model is one `torch.nn.Module` whose networks are attributes in capitals (`G`, `D`). It says how to build its
networks, how one training step goes and how images come out. Devices, precision, seeding, loading, the exponential
moving average (EMA), logging, saving and previews belong to the loop (`ml/train.py`), never to a model.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from ml.domains import choose_domains
from ml.draw import DrawMode
from ml.errors import BadSettingsError
from ml.plugin import SHOWN_FIRST, Plugin, Settings
from ml.suitability import too_few_classes

Integers = Sequence[int] | NDArray[np.int64]

Scalars = dict[str, Tensor]
"""Path of a scalar (`loss/G`, `score/real`, `penalty/gradient`) -> 0-d tensor, detached."""

Minimise = Callable[[Tensor], None]


class Update(Protocol):
    """What a training step is given to let its networks learn.

    A batch may be computed in parts (`ml/parts.py`): a step is then called once for each part, with the images of that
    part, and losses must be means over images. Every part must call the same things in the same order.
    """

    def __call__(self, name: str, /) -> AbstractContextManager[Minimise]:
        """`with update("D") as minimise:` lets only D's weights ask for gradients; `minimise(loss)` steps D's optimizer
        by the mean gradient of all parts."""
        ...

    def whole(self, values: Tensor) -> Tensor:
        """Values of this part's images [n, ...] -> those of the whole batch [N, ...], detached; for what follows the
        game by itself, such as the weight of a loss."""
        ...


@dataclass(frozen=True)
class DataSpec:
    """What the networks must fit."""

    resolution: int
    channels: int
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    """Training images per class."""
    attributes: tuple[str, ...] = ()
    """Names of what an image may have or lack, several at once; none in most datasets."""
    together: tuple[tuple[int, ...], ...] = ()
    """Training images that have both attributes i and j, [A][A]; those that have i on the diagonal."""
    source_channels: int = 0
    """Channels of the other image of each pair; 0 where there are no pairs."""

    @property
    def num_images(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Batch:
    """One draw of training data on the run's device.

    image: float [N, channels, resolution, resolution] in the model's `image_range`; label: int64 [N]; source: the other
    image of each pair, float [N, source_channels, resolution, resolution], or None; attributes: float [N, A], 1 where
    an image has attribute i, 0 where it lacks it, NaN where nobody said, or None. target: of the sources of a
    translation alone, what is to be made from `image`, where pairs tell it; as large as a result.
    """

    image: Tensor
    label: Tensor
    source: Tensor | None = None
    attributes: Tensor | None = None
    target: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """The same on another device."""
        parts = (self.image, self.label, self.source, self.attributes, self.target)
        return Batch(*(None if part is None else part.to(device) for part in parts))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Sweep:
    """A code of a model that can be moved while everything else stands still; `values` are the rows of its sheet."""

    name: str
    values: tuple[float, ...]


class ModelSettings(Settings):
    """The settings that every model shares; a model adds its own and may change these defaults."""

    resolution: int = Field(
        32,
        ge=16,
        le=256,
        description="Side of the square images that are learnt, in pixels.",
        json_schema_extra=SHOWN_FIRST,
    )
    fit: Literal["crop", "pad", "stretch"] = Field(
        "crop", description="How an image that is not square becomes square: cut the middle, add borders, or stretch."
    )
    channels: Literal["auto", "grey", "colour"] = Field(
        "auto", description="Grey or colour; auto takes grey when every training image is grey."
    )
    batch_size: int = Field(
        64, ge=2, le=1024, description="Images per step; lower it when memory runs out.", json_schema_extra=SHOWN_FIRST
    )
    num_steps: int = Field(
        1000,
        ge=1,
        le=10_000_000,
        description="Training steps; more steps, better images.",
        json_schema_extra=SHOWN_FIRST,
    )
    class_balanced_draw: bool = Field(
        True, description="Draw every class equally often, so that rare classes are learnt too."
    )
    ema_half_life: int = Field(
        2000,
        ge=0,
        le=1_000_000,
        description="Half-life, in images, of the averaged generator that makes the images; 0 turns averaging off.",
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="Arithmetic; auto takes bfloat16 where this machine computes it faster."
    )
    num_checkpoints: int = Field(
        10, ge=1, le=1000, description="How many times, evenly spread, training is saved and its quality measured."
    )
    num_previews: int = Field(
        20, ge=1, le=200, description="How many rows the sample wall gets over the whole training."
    )


class Model(nn.Module, Plugin):
    """One published generative method.

    `Settings` of a model derives from `ModelSettings`. A family is a base class below this one; it says from what
    inputs the images are made, noise or other images.
    """

    Settings: ClassVar[type[Settings]] = ModelSettings
    consumes: ClassVar[tuple[str, ...]] = ("image",)
    """Fields of a dataset kind's item that training needs; fit with a dataset kind is computed from this."""
    image_range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    ema_networks: ClassVar[tuple[str, ...]] = ("G",)
    """Networks of which the loop keeps an average, found as `<name>_ema` when images are made."""
    provides: ClassVar[Mapping[str, str | None]] = {}
    """Scores the model can give -> the setting that must be above zero for it, or None when it always can."""
    continuing: ClassVar[str] = ""
    """What a training that is continued does otherwise than one of so many steps from the start; "": nothing."""
    draw: ClassVar[DrawMode] = "mixed"
    """How the loop fills a batch: "mixed" (all classes, balanced or as they are), "one_class" (step t holds images of
    one class only, for methods that train one network per class) or "by_class" (the same number of each class, class
    after class, for methods that learn from two sets at once; batch_size is a multiple of the number of classes)."""
    edits: ClassVar[bool] = False
    """Whether a person may take a real image and change what it has, as `ml/edits.py` does."""
    min_classes: ClassVar[int] = 0
    """Classes (or attributes) below which there is nothing for the method to learn."""
    domains: ClassVar[tuple[str, ...]] = ()
    """Settings that name the two classes which the method learns, in their order; none where it learns all."""
    also_consumes: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Field of a dataset kind's item -> the setting and its value with which training needs it too."""

    def __init__(self, data: DataSpec, settings: ModelSettings) -> None:
        super().__init__()
        self.data = data
        self.settings = settings
        self.build()

    @classmethod
    def available_scores(cls, settings: ModelSettings) -> frozenset[str]:
        """Names of the scores this model gives with these settings."""
        return frozenset(s for s, setting in cls.provides.items() if setting is None or getattr(settings, setting))

    @classmethod
    def total_steps(cls, settings: ModelSettings, data: DataSpec) -> int:
        """Steps of a whole training; a method stated in epochs overrides this."""
        return settings.num_steps

    @classmethod
    def preview_steps(cls, settings: ModelSettings, data: DataSpec) -> list[int]:
        """The steps after which the fixed noise is shown, the last one included."""
        total = cls.total_steps(settings, data)
        rows = min(settings.num_previews, total)
        return sorted({max(1, round(total * (row + 1) / rows)) for row in range(rows)})

    def averaged(self, network: str) -> nn.Module:
        """The network's average where the loop keeps one, else the network itself."""
        twin = getattr(self, f"{network}_ema", None)
        return twin if isinstance(twin, nn.Module) else self.get_submodule(network)

    def build(self) -> None:
        """Create the networks, from `self.data` and `self.settings`, as attributes in capitals."""
        raise NotImplementedError

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Name of an update -> its optimizer."""
        raise NotImplementedError

    def rate_share(self, step: int) -> float:
        """What the learning rates are multiplied by at a step, 1 being the first; a function of the step alone."""
        return 1.0

    def begin(self, encoder: Callable[[], nn.Module]) -> None:
        """Take over what is learnt elsewhere, as frozen weights that checkpoints hold; called once, before the first
        step of a training that neither resumes nor starts from another. `encoder` gives the in-domain encoder's network
        (`ml.features.EncoderNet`) on the CPU or the run's device.

        Raises: BadWeightsError.
        """

    def check_supplies(self) -> None:
        """Raises: BadSettingsError, BadWeightsError where training would lack a file that a person is to supply."""

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """One step of the method, as its paper's algorithm box says it."""
        raise NotImplementedError

    # --- the images it makes ------------------------------------------------------------------------------------
    @classmethod
    def classes_learnt(cls, settings: ModelSettings, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the dataset's classes that the method learns and makes, as its labels 0, 1, ...; usually all.

        Raises: BadSettingsError when the settings name one that is not there, or there are too few.
        """
        if refused := too_few_classes(cls.name, cls.min_classes, len(classes)):
            raise BadSettingsError(refused)
        named = {name: getattr(settings, name) for name in cls.domains}
        return choose_domains(named, classes) if named else classes

    @classmethod
    def labels_made(cls, settings: ModelSettings, num_classes: int) -> tuple[int, ...]:
        """Numbers of the classes learnt that it makes images of; all of them in most methods."""
        return tuple(range(num_classes))

    @classmethod
    def sweeps(cls, settings: ModelSettings) -> tuple[Sweep, ...]:
        """The codes within z that can be moved one by one; none in most methods."""
        return ()

    def with_code(self, z: Tensor, name: str, value: float) -> Tensor:
        """z [N, z_dim] with the code of one of `sweeps` set to `value` in every row."""
        raise NotImplementedError

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        """The game that G and D play, by its name in `ml/losses.py` or "began"; None where there is no D."""
        return None

    def inputs(self, labels: Integers, seeds: Integers) -> Any:
        """What images of the classes `labels` are made from, on the CPU; part i depends on labels[i] and seeds[i]
        alone, so that one image can be made again. It has `.to(device)`."""
        raise NotImplementedError

    def blank_inputs(self, number: int) -> Any:
        """As `inputs`, of the shapes alone, for sums of memory."""
        raise NotImplementedError

    def generate(self, inputs: Any, label: Tensor) -> Tensor:
        """Images [N, channels, resolution, resolution] in `image_range` of the classes `label` int64 [N].

        Uses the averaged network where there is one. Called in eval mode, without gradients.
        """
        raise NotImplementedError

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        """D's raw real/fake score [N] (higher: more real) of images in `image_range` shown as class `label`."""
        raise NotImplementedError

    def class_confidence(self, image: Tensor) -> Tensor:
        """D's class probabilities [N, number of classes] of images in `image_range`; they sum to 1, unless the classes
        are attributes, of which an image may have several."""
        raise NotImplementedError


class LabelledImageModel(Model):
    """Family: images of a wanted class from noise."""

    consumes = ("image", "label")
    z_dim: int

    def inputs(self, labels: Integers, seeds: Integers) -> Tensor:
        """The noise."""
        return self.noise(seeds)

    def blank_inputs(self, number: int) -> Tensor:
        return torch.empty(number, self.z_dim)

    def noise(self, seeds: Integers) -> Tensor:
        """z [len(seeds), z_dim] on the CPU; row i depends on seeds[i] alone: one image can be made again."""
        rows = [self.noise_of(torch.Generator().manual_seed(int(seed))) for seed in seeds]
        return torch.stack(rows) if rows else torch.empty(0, self.z_dim)

    def noise_of(self, generator: torch.Generator) -> Tensor:
        """z [z_dim] of one image: N(0, 1), unless a method's noise has parts of other kinds."""
        return torch.randn(self.z_dim, generator=generator)


class SourceImages(Protocol):
    """The real images that a translation starts from; `ml/sources.py` keeps them."""

    def batch(self, labels: Integers, seeds: Integers, image_range: tuple[float, float]) -> Batch:
        """On the CPU; image i is the source that seeds[i] picks of those that may become class labels[i]."""
        ...


class TranslationModel(Model):
    """Family: images of a wanted class from real images of other classes, or from the other half of pairs.

    A *source* is a `Batch` of what the networks read: its `image` (of a pair, the half that is given), its own `label`
    and `attributes`. Sources are training images, picked by class and seed. What they should become, the `target` of
    pairs, is known for those who look at results and measure them, not for the networks.
    """

    consumes = ("image", "label")
    min_classes = 2
    sources: SourceImages | None = None
    """Set by whoever trains or makes images; no part of a checkpoint."""
    views: ClassVar[tuple[str, ...]] = ("source",)
    """Images kept beside each result, by name, as `views_of` gives them. Of these names results are measured by:
    "target" (what a result should look like) and "reconstruction" (of the source, from the result)."""
    makes_A_with: ClassVar[Mapping[str, str]] = {}
    """Settings, all of them, with which A of pairs (A, B) is made from B; none: B is always made."""
    keeps_class: ClassVar[bool] = False
    """Whether a result is of its source's own class, instead of another."""

    @classmethod
    def starts_from(cls, settings: ModelSettings, source_label: int, target: int, num_classes: int) -> bool:
        """Whether training images of one class are sources for another; all but a class itself in most methods."""
        return (source_label == target) if cls.keeps_class else (source_label != target or num_classes == 1)

    @classmethod
    def uses_pairs(cls, settings: ModelSettings) -> bool:
        """Whether it starts from the given half of pairs; else from the images to be made, even of pairs."""
        setting, value = cls.also_consumes.get("source", ("", ""))
        return "source" in cls.consumes or bool(setting and getattr(settings, setting) == value)

    @classmethod
    def judges_alone(cls, settings: ModelSettings) -> bool:
        """Whether D can score an image without the source that it was made from, so that `realism` works."""
        return True

    @classmethod
    def makes_other_half(cls, settings: ModelSettings) -> bool:
        """Of pairs (A, B): whether A is made from B, instead of B from A."""
        return bool(cls.makes_A_with) and all(getattr(settings, at) == value for at, value in cls.makes_A_with.items())

    def inputs(self, labels: Integers, seeds: Integers) -> Batch:
        if self.sources is None:
            raise BadSettingsError(
                f"The model {self.name} makes images from training images, and they are not at hand; name the run's "
                "folder, so that they are found."
            )
        return self.sources.batch(labels, seeds, self.image_range)

    def blank_inputs(self, number: int) -> Batch:
        data = self.data
        side = (data.resolution, data.resolution)
        image = torch.empty(number, data.channels, *side)
        attributes = torch.empty(number, len(data.attributes)) if data.attributes else None
        label = torch.zeros(number, dtype=torch.int64)
        if not (data.source_channels and self.uses_pairs(self.settings)):
            return Batch(image, label, None, attributes)
        return Batch(torch.empty(number, data.source_channels, *side), label, None, attributes, image)

    def generate(self, inputs: Batch, label: Tensor) -> Tensor:
        """The sources `inputs` as images of the classes `label` int64 [N]; for `image_range` and the rest see above."""
        raise NotImplementedError

    def members(self, source: Batch, label: Tensor) -> Tensor | None:
        """float [N, classes] where classes are attributes: what results of classes `label` were made to have (1) and
        lack (0), NaN where nobody knows; None where an image is of its class and no other."""
        return None

    def realism_beside(self, image: Tensor, label: Tensor, source: Batch) -> Tensor:
        """`realism` of images made from `source`, for a D that compares the two."""
        return self.realism(image, label)

    def views_of(self, source: Batch, label: Tensor, result: Tensor) -> dict[str, Tensor]:
        """What is shown beside results: view -> images in `image_range`, [N, 1 or 3, resolution, resolution]."""
        return {"source": source.image}

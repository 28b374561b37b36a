"""The arms of a study: what a child network is trained on, and how.

An arm is written as parts joined by `+`; `none` is the real images as they are:

    balanced                 every class equally often, however rare
    logit_adjusted           logits moved by the log of each class's share while training
    mixup                    pairs of images and of labels are blended
    geometric                small turns, zooms, shifts and stretches; no mirroring, which changes what some classes
                             are, unless the study's setting `transforms` says otherwise of a class
    trivial_augment          one transform of a strength by lot for each image
    SAMPLER:AMOUNT           synthetic images that the sampler keeps: 1x, 5x (of the real ones), 200 (per class), fill
    SAMPLER:AMOUNT@SHARE     the same, as this share of each batch instead of by their number
    real_only_transforms     synthetic images are not transformed
    synthetic_only           no real images at all (GAN-train, the classification accuracy score)
    real@SHARE               that share of each class's real images only

`balanced+geometric+random:1x@0.25` is one arm.

Menon et al.: Long-tail learning via logit adjustment, ICLR 2021, https://arxiv.org/abs/2007.07314 (tau = 1).
Zhang et al.: mixup: Beyond Empirical Risk Minimization, ICLR 2018, https://arxiv.org/abs/1710.09412 (alpha = 0.2).
Mueller, Hutter: TrivialAugment, ICCV 2021, https://arxiv.org/abs/2103.10158.
Ravuri, Vinyals: Classification Accuracy Score for Conditional Generative Models, NeurIPS 2019,
https://arxiv.org/abs/1905.10887.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ml.budget import parse_budget
from ml.errors import BadBudgetError, BadSettingsError

Transforms = Literal["none", "geometric", "trivial_augment"]


@dataclass(frozen=True)
class Synthetic:
    """Which synthetic images an arm adds. share: of each batch, 0..1 excluded; None: by their number among all."""

    sampler: str
    amount: str
    share: float | None = None


@dataclass(frozen=True)
class Arm:
    """One way to train a child network; `name` is what people read and write."""

    name: str
    balanced: bool = False
    logit_adjusted: bool = False
    mixup: bool = False
    transforms: Transforms = "none"
    transforms_synthetic: bool = True
    synthetic: Synthetic | None = None
    synthetic_only: bool = False
    real_share: float = 1.0

    @property
    def transforms_of_synthetic(self) -> Transforms:
        """What synthetic images go through."""
        return self.transforms if self.transforms_synthetic else "none"


ARM_PARTS = {
    "none": "the real images as they are",
    "balanced": "every class equally often, however rare",
    "logit_adjusted": "logits moved by the log of each class's share while training",
    "mixup": "pairs of images and of labels are blended",
    "geometric": "small turns, zooms, shifts and stretches",
    "trivial_augment": "one transform of a strength by lot for each image",
    "real_only_transforms": "synthetic images are not transformed",
    "synthetic_only": "no real images at all",
}
"""Those that are one word; a sampler with its amount, `real@SHARE` and their meaning stand above."""

BASELINES = (
    *("none", "balanced", "logit_adjusted", "mixup", "geometric", "trivial_augment"),
    *("balanced+geometric", "logit_adjusted+geometric"),
)
"""What synthetic images must beat."""
SAMPLING_STUDY = tuple(
    f"{sampler}:{size}x" for sampler in ("random", "class_confidence", "realism") for size in (1, 2, 5)
)
"""The deck's arms with synthetic images: each sampler at one, two and five times the real ones."""


@dataclass(frozen=True)
class Preset:
    """Arms that answer one question."""

    name: str
    title: str
    summary: str
    arms: tuple[str, ...]


PRESETS = (
    Preset(
        "share",
        "A share of each batch",
        "Synthetic images as a quarter of each batch, on top of what evens out the classes and of small transforms: "
        "where they have the best chance to help. Four samplers.",
        (
            "none",
            "balanced+geometric",
            "logit_adjusted+geometric",
            *(f"balanced+geometric+{name}:1x@0.25" for name in ("random", "class_confidence", "realism", "combined")),
            "logit_adjusted+geometric+combined:1x@0.25",
        ),
    ),
    Preset(
        "sampling_study",
        "Reproduce the sampling study",
        "Random, cl-sam and cr-sam at one, two and five times the real images, beside none and every arm without "
        "synthetic images; many trainings.",
        (*BASELINES, *SAMPLING_STUDY),
    ),
    Preset(
        "gan_train",
        "What a classifier learns from synthetic images alone",
        "The classification accuracy score: children trained on synthetic images only, tested on real ones.",
        ("none", "balanced+geometric", "synthetic_only+random:1x", "synthetic_only+class_confidence:1x"),
    ),
)
"""What a person begins with."""


def read_arms(names: Sequence[str]) -> list[Arm]:
    """Raises: BadSettingsError for an arm that is none, is named twice, or where no arm goes without a generator."""
    arms = [read_arm(name) for name in names]
    twice = sorted({arm.name for arm in arms if [other.name for other in arms].count(arm.name) > 1})
    if twice:
        raise BadSettingsError(f"The arm {twice[0]} is named twice; name each arm once.")
    if all(arm.synthetic for arm in arms):
        raise BadSettingsError(
            "Every arm has synthetic images, so there is nothing to compare them with; add an arm such as none or "
            "balanced+geometric."
        )
    return arms


def read_arm(name: str) -> Arm:
    """Raises: BadSettingsError."""
    arm = Arm("+".join(part.strip() for part in name.split("+")))
    for part in arm.name.split("+"):
        arm = _with(arm, part)
    if arm.synthetic_only and arm.synthetic is None:
        raise BadSettingsError(f"The arm {name} has no images at all; add a sampler, such as random:1x.")
    return arm


def _with(arm: Arm, part: str) -> Arm:
    if ":" in part:
        if arm.synthetic is not None:
            raise BadSettingsError(f"The arm {arm.name} names two samplers; an arm has one at most.")
        return replace(arm, synthetic=_read_synthetic(part))
    if part.startswith("real@"):
        return replace(arm, real_share=_share(part.removeprefix("real@"), part))
    match part:
        case "none":
            return arm
        case "balanced":
            return replace(arm, balanced=True)
        case "logit_adjusted":
            return replace(arm, logit_adjusted=True)
        case "mixup":
            return replace(arm, mixup=True)
        case "geometric" | "trivial_augment":
            return replace(arm, transforms=part)
        case "real_only_transforms":
            return replace(arm, transforms_synthetic=False)
        case "synthetic_only":
            return replace(arm, synthetic_only=True)
    raise BadSettingsError(
        f"The part {part!r} of the arm {arm.name!r} is unknown; expected none, balanced, logit_adjusted, mixup, "
        f"geometric, trivial_augment, real_only_transforms, synthetic_only, real@0.5, or a sampler and an amount such "
        f"as random:1x."
    )


def _read_synthetic(part: str) -> Synthetic:
    sampler, _, rest = part.partition(":")
    amount, at, share = rest.partition("@")
    try:
        parse_budget(amount)
    except BadBudgetError as error:
        raise BadSettingsError(
            f"{part} names no amount of synthetic images; write it as random:1x, random:200, random:fill or "
            f"random:1x@0.25."
        ) from error
    return Synthetic(sampler, amount, _share(share, part) if at else None)


def _share(text: str, part: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise BadSettingsError(f"The share of {part} is {text!r}; it must be a number between 0 and 1.")
    return share

"""What `benchmarks/translation.py` measures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.evidence_data import Cut, all_clothes, tops
from benchmarks.evidence_plan import PAIRED, Asked, plus
from benchmarks.translation_before import nearest_street, untranslated

Before = Callable[[Path], Mapping[str, float]]
"""Folder of a run -> what a person would have without the model."""


@dataclass(frozen=True)
class AttributeStudy:
    """compared: pairs of arts whose difference is told."""

    data: str
    arts: tuple[str, ...]
    compared: tuple[tuple[str, str], ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    num_seeds: int = 3
    is_rendered: bool = False


@dataclass(frozen=True)
class Translation:
    """A model on a dataset; per_class: images made."""

    data: str
    model: str
    settings: Mapping[str, Any]
    per_class: int
    num_seeds: int = 1
    before: Before | None = None


@dataclass(frozen=True)
class Refinement:
    """SimGAN, and children that learn from what it refined."""

    data: str
    settings: Mapping[str, Any]
    num_made: int
    num_seeds: int = 3
    num_children: int = 3
    child_steps: int = 600
    resolution: int = 32


ONE_HOT: Final = "stargan:condition_mode=diff"
GCN: Final = "stargan:condition_type=gcn,condition_mode=diff"
GCN_MTL: Final = f"{GCN},multi_task_weight=0.5"
DECK: Final = (ONE_HOT, GCN, GCN_MTL)
DECK_PAIRS: Final = ((GCN, ONE_HOT), (GCN_MTL, ONE_HOT), (GCN_MTL, GCN))
OTHERS: Final = (
    "icgan",
    "fader",
    "attgan",
    "stgan",
    "stargan",
    "stargan:multi_task_weight=0.5",
    "stargan:condition_type=co_occurrence,condition_mode=diff",
    "stargan:condition_type=latent",
    "stargan:condition_type=latent,condition_mode=diff",
    "stargan:condition_type=classifier_weights,condition_mode=diff",
)
FEW: Final = {"num_checkpoints": 1, "num_previews": 1}

CASES: Final[dict[str, AttributeStudy | Translation | Refinement | Asked]] = {
    "attributes-rendered": AttributeStudy(
        "rendered", DECK, DECK_PAIRS, {"num_steps": 2000}, num_seeds=3, is_rendered=True
    ),
    "attributes-fairface": AttributeStudy("fairface", DECK, DECK_PAIRS, {"num_steps": 2000}, num_seeds=3),
    "arts-rendered": AttributeStudy("rendered", OTHERS, (), {"num_steps": 1000}, num_seeds=1, is_rendered=True),
    "sampling-stargan": Asked(
        Cut(all_clothes, (60,) * 10, 20),
        {"num_steps": 1500, **FEW},
        {"num_child_seeds": 3, "num_generator_seeds": 3, "pool_factor": 2.0},
        (
            "none",
            PAIRED,
            *(f"{sampler}:{times}x" for times in (1, 2) for sampler in ("random", "class_confidence", "realism")),
        ),
        model="stargan",
        remark="The study of samplers: candidates are real images of the other nine classes, translated; confidence "
        "and realism are those of StarGAN's own D.",
    ),
    "tops": Translation("tops", "cyclegan", {"num_steps": 600, **FEW}, 90, num_seeds=2, before=untranslated),
    "trousers": Translation("trousers", "cyclegan", {"num_steps": 600, **FEW}, 90, num_seeds=2, before=untranslated),
    "camvid": Translation(
        "camvid", "pix2pix", {"num_steps": 1500, "direction": "B_to_A", **FEW}, 80, before=nearest_street
    ),
    "enlarge-E": Translation("clothing", "srgan", {"num_steps": 600, "losses": "E", **FEW}, 20),
    "enlarge-SRGAN-MSE": Translation("clothing", "srgan", {"num_steps": 600, "losses": "SRGAN-MSE", **FEW}, 20),
    "enlarge-PAT": Translation("clothing", "srgan", {"num_steps": 600, "losses": "PAT", **FEW}, 20),
    "refined-digits": Refinement(
        "digits-by-font",
        {"num_steps": 800, "domain_synthetic": "rendered", "domain_real": "real", **FEW},
        num_made=1600,
    ),
    "minority-tops": Asked(
        Cut(tops, (60, 15), 20),
        {"num_steps": 600, **FEW},
        {"num_child_seeds": 4, "num_generator_seeds": 3, "pool_factor": 1.0},
        ("none", PAIRED, *plus("random:fill", "realism:fill", "random:fill@0.25")),
        model="cyclegan",
        remark="Shirts with long sleeves become t-shirts, of which there are a quarter as many.",
    ),
}
"""By name, in the order of the page."""

"""How a study trains and compares. Importing this module never imports torch."""

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from pydantic import Field, ValidationError

from ml.errors import BadSettingsError
from ml.plugin import Settings, fault_sentence

ChildName = Literal["small_cnn", "resnet"]
GeometricTransform = Literal["turn", "mirror", "zoom", "shift", "stretch"]
GEOMETRIC: Final[tuple[GeometricTransform, ...]] = get_args(GeometricTransform)
USUAL: Final = ("turn", "zoom", "shift", "stretch")
"""What `geometric` does to a class of which nothing is said."""
OTHERS: Final = "*"
"""Every class that is not named."""
MOST_NAMED: Final = 20


class StudySettings(Settings):
    """How a study trains and compares; the arms stand beside it."""

    child: ChildName = Field(
        default="small_cnn", description="Network that every arm trains: small_cnn is quick, resnet is deeper."
    )
    child_steps: int = Field(
        default=600, ge=1, le=1_000_000, description="Training steps of each child network, the same for every arm."
    )
    num_child_seeds: int = Field(
        default=5, ge=1, le=50, description="Child networks per arm and generator; an answer needs three at least."
    )
    num_generator_seeds: int = Field(
        default=5,
        ge=1,
        le=20,
        description="Generators, each trained from its own seed; an answer needs three, and five find most real gains.",
    )
    pool_factor: float = Field(
        default=2.0,
        ge=1,
        le=100,
        description="Candidates drawn per image that the largest arm asks for; samplers choose among them.",
    )
    transforms: dict[str, tuple[GeometricTransform, ...]] = Field(
        default={},
        description='What `geometric` may do to each class, such as {"6": ["shift", "zoom"]}: turn, mirror, zoom, '
        "shift, stretch; * stands for every class not named. All but mirror where nothing is said.",
    )
    seed: int = Field(default=0, ge=0, le=2**31, description="The same study, data and seed give the same result.")

    def transforms_of(self, name: str) -> tuple[GeometricTransform, ...]:
        """What `geometric` may do to images of that class."""
        return self.transforms.get(name, self.transforms.get(OTHERS, USUAL))

    def check_classes(self, classes: Sequence[str]) -> None:
        """Raises: BadSettingsError where something is said of a class that there is not."""
        for name in self.transforms:
            if name not in (*classes, OTHERS):
                raise BadSettingsError(
                    f"The transforms name the class {name!r}, and the {len(classes)} classes of the study are "
                    f"{', '.join(classes[:MOST_NAMED])}{', …' if len(classes) > MOST_NAMED else ''}; name one of "
                    f"them, or * for all others."
                )


class AttributeStudySettings(Settings):
    """How often an attribute study trains each art."""

    num_seeds: int = Field(
        default=3, ge=1, le=20, description="Trainings of each art, each from its own seed; two at least for intervals."
    )
    seed: int = Field(default=0, ge=0, le=2**31, description="The same study, data and seed give the same table.")


def read_study_settings(values: dict[str, Any]) -> StudySettings:
    """Raises: BadSettingsError."""
    try:
        return StudySettings(**values)
    except ValidationError as error:
        faults = "; ".join(fault_sentence(fault) for fault in error.errors())
        raise BadSettingsError(f"The settings of the study do not fit: {faults}.") from error

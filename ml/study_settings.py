"""How a study trains and compares. Importing this module never imports torch."""

from typing import Any, Literal

from pydantic import Field, ValidationError

from ml.errors import BadSettingsError
from ml.plugin import Settings, fault_sentence

ChildName = Literal["small_cnn", "resnet"]


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
        default=3,
        ge=1,
        le=20,
        description="Generators, each trained from its own seed; an answer needs three at least.",
    )
    pool_factor: float = Field(
        default=2.0,
        ge=1,
        le=100,
        description="Candidates drawn per image that the largest arm asks for; samplers choose among them.",
    )
    seed: int = Field(default=0, ge=0, le=2**31, description="The same study, data and seed give the same result.")


def read_study_settings(values: dict[str, Any]) -> StudySettings:
    """Raises: BadSettingsError."""
    try:
        return StudySettings(**values)
    except ValidationError as error:
        faults = "; ".join(fault_sentence(fault) for fault in error.errors())
        raise BadSettingsError(f"The settings of the study do not fit: {faults}.") from error

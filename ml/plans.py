"""What a worker writes for its child process `python -m ml work PLAN.json`: what to do, with what, and where to.

Importing this module never imports torch. All paths are absolute.
"""

from pathlib import Path
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from ml.start_plan import Start

Stage = Literal["prepare", "train", "generate", "score", "select"]
IMPORTED: Final = "imported"
"""The model of a recipe whose images were made elsewhere."""
MAX_EDITED: Final = 5
"""Attributes that are edited together; a sheet has 2 to the power of it tiles, and one for the image itself."""
STAGES: Final[tuple[Stage, ...]] = ("prepare", "train", "generate", "score", "select")


class Recipe(TypedDict):
    """A model, a sampler and how much is wanted; `budget` is read by `ml.budget`."""

    model: str
    model_settings: dict[str, Any]
    sampler: str
    sampler_settings: dict[str, Any]
    budget: dict[str, Any]
    pool_factor: float
    seed: int


class DatasetPart(TypedDict):
    """JSON lines of `ml.records`; those of a run are of the splits train and val only. attributes: names, where the
    images have attributes."""

    classes: list[str]
    images: str
    attributes: NotRequired[list[str]]


class Artefacts(TypedDict, total=False):
    """What a stage left behind: paths, and the checkpoint's hash.

    prepare: data, encoder (folders); train: checkpoint (file), sha256; generate: pool (folder), and given (file), the
    scores that imported images brought; score: scores (file); select: selection (file).
    """

    data: str
    encoder: str
    checkpoint: str
    sha256: str
    pool: str
    given: str
    scores: str
    map: str
    selection: str


class IngestPlan(TypedDict):
    """Read a source into the lab's store, or make a version from the images of an earlier one, or both.

    kind: None has it recognised; earlier: JSON lines of `ml.earlier.EarlierImage`, whose files lie in the store;
    attributes: names of those that the earlier images have; resplit: their splits are drawn anew, too.
    """

    verb: Literal["ingest"]
    source: str | None
    source_name: str
    earlier: NotRequired[str | None]
    attributes: NotRequired[list[str]]
    resplit: NotRequired[bool]
    out: str
    store: str
    kind: str | None
    split_seed: int
    split_fractions: list[float]
    limits: dict[str, Any]


class Imported(TypedDict):
    """Images that were made elsewhere: a zip or a folder, and the name of what made them."""

    source: str
    name: str


class RunPlan(TypedDict):
    """A recipe on a dataset, through all stages that `done` does not hold yet.

    compute: read by `ml.compute`.
    finish_when: a file; once it is there, training ends and the best checkpoint makes the images.
    preview_when: a file; once it is there, training shows its samples after the next step and removes it.
    The run's own newest checkpoint, `resume_from`, wins over `start`.
    imported: the images are read instead of made, and the recipe's model is IMPORTED.
    """

    verb: Literal["run"]
    recipe: Recipe
    dataset: DatasetPart
    out: str
    done: dict[Stage, Artefacts]
    resume_from: str | None
    finish_when: NotRequired[str]
    preview_when: NotRequired[str]
    start: Start | None
    compute: NotRequired[dict[str, Any]]
    imported: NotRequired[Imported]


class Verdicts(TypedDict):
    """Rows of a pool on which people's verdicts add up to one or the other."""

    accepted: list[int]
    rejected: list[int]


class SelectPlan(TypedDict):
    """Another selection from a scored pool; prepared: what the stage `prepare` left behind, if it is still there."""

    verb: Literal["select"]
    pool: str
    scores: str
    prepared: Artefacts
    verdicts: NotRequired[Verdicts]
    model: str
    model_settings: dict[str, Any]
    sampler: str
    sampler_settings: dict[str, Any]
    budget: dict[str, Any]
    seed: int
    train_counts: dict[str, int]
    out: str


class EditPlan(TypedDict):
    """One real image with every combination of some attributes, or as each of some classes, on one sheet.

    checkpoint, sha256, data, encoder: what the run left behind; image: place in the dataset version; attributes: at
    most MAX_EDITED, or 2**MAX_EDITED classes; out: the PNG to write.
    """

    verb: Literal["edit"]
    checkpoint: str
    sha256: str
    data: str
    encoder: str
    image: int
    attributes: list[str]
    out: str


class PoolPart(TypedDict):
    """A scored pool and the run it comes from; done: of the stages prepare, generate and score."""

    recipe: Recipe
    done: dict[Stage, Artefacts]


class StudyPlan(TypedDict):
    """Train child networks with and without synthetic images, and compare them.

    dataset: the images of all three splits; pools: stand where generators would be trained, whose model and settings
    then count for nothing; settings: of `ml.study_settings`; out: the study's folder, the same at every attempt, where
    what is there already is taken as it is.
    """

    verb: Literal["study"]
    dataset: DatasetPart
    model: str
    model_settings: dict[str, Any]
    pools: list[PoolPart]
    arms: list[str]
    settings: dict[str, Any]
    out: str


class AttributeStudyPlan(TypedDict):
    """Train models that edit attributes alike, and compare them.

    dataset: the images of the splits train and val; arts: as `ml.attribute_lines` reads them; shared: settings of all
    of them; settings: of `ml.study_settings.AttributeStudySettings`; out: as of a study.
    """

    verb: Literal["attribute_study"]
    dataset: DatasetPart
    arts: list[str]
    shared: dict[str, Any]
    settings: dict[str, Any]
    out: str


class ExportPlan(TypedDict):
    """Write an augmented dataset.

    images: JSON lines {"id", "file", "label", "split", "name", "is_right_half", "row"} of real images, of which only
    the right half is exported where a file holds a pair; samples: JSON lines {"id", "index", "label", "row"} of the
    pool's images to include; classes: in the order of their numbers; resolution, channels: of the pool's images; fit:
    how real ones became squares for the model.
    """

    verb: Literal["export"]
    format: str
    title: str
    classes: list[str]
    resolution: int
    channels: int
    fit: Literal["crop", "pad", "stretch"]
    images: str
    pool: str | None
    samples: str
    provenance: dict[str, Any]
    card: str
    out: str


AnyPlan = IngestPlan | RunPlan | SelectPlan | EditPlan | StudyPlan | AttributeStudyPlan | ExportPlan
Plan = Annotated[AnyPlan, Field(discriminator="verb")]


def read_plan(path: Path) -> AnyPlan:
    """The plan in a file.

    Raises: ValueError, naming the field, when it is none; a plan is written by this product, so that is a defect.
    """
    adapter: TypeAdapter[AnyPlan] = TypeAdapter(Plan)
    try:
        return adapter.validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is no plan: {error}") from error

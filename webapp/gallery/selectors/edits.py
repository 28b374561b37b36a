"""What there is to read about edits, and what of a run's images can be edited."""

from dataclasses import dataclass

from django.db.models import QuerySet

from ml import catalog
from webapp.gallery.models import Edit
from webapp.recipes.catalogue import catalogue
from webapp.runs.models import Run, RunState
from webapp.runs.selectors import LAB_PATH

EDIT_LAB = f"run__{LAB_PATH}"


@dataclass(frozen=True)
class Editable:
    """What a person may change in an image: some of `names`, at most `most` at once. refusal: why nothing can be
    edited, "" when it can; code: of the refusal."""

    names: list[str]
    are_classes: bool
    most: int
    code: str = ""
    refusal: str = ""


def editable(run: Run) -> Editable:
    """The attributes of the run's version, or its classes where images have none."""
    version = run.version
    are_classes = not version.attributes
    most = 2**catalog.MAX_EDITED if are_classes else catalog.MAX_EDITED
    code, refusal = _refusal(run)
    return Editable(version.classes if are_classes else version.attributes, are_classes, most, code, refusal)


def _refusal(run: Run) -> tuple[str, str]:
    entry = catalogue().models.get(run.recipe.model)
    if entry is None or not entry.edits:
        able = ", ".join(sorted(name for name, one in catalogue().models.items() if one.edits))
        return "model_cannot_edit", (
            f"The model {run.recipe.model} makes images of its own and cannot edit a real one; take a run of {able}."
        )
    if run.state == RunState.CANCELLED:
        return "not_trained", "The run was cancelled and its files were removed; start it again to edit with it."
    if not run.is_trained:
        return "not_trained", "The run has not trained yet; wait until its training is over."
    return "", ""


def all_edits() -> "QuerySet[Edit]":
    """Edits with what is shown of them."""
    return Edit.objects.select_related("run__version__dataset", "run__recipe", "created_by")


def edits_of(run: Run) -> "QuerySet[Edit]":
    """The newest first."""
    return run.edits.select_related("created_by").order_by("-created_at", "-id")

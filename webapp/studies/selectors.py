"""What there is to read about studies."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.db.models.fields.json import KT

from webapp.core.errors import GoneError
from webapp.core.permissions import HasKey, visible
from webapp.core.removal import alive
from webapp.datasets.selectors import VERSION_LAB
from webapp.gallery.models import Pool, Selection
from webapp.studies.models import Study

STUDY_LAB = f"version__{VERSION_LAB}"


def all_studies() -> "QuerySet[Study]":
    """Studies with what they are about."""
    return Study.objects.select_related("version__dataset", "created_by")


def without_results(studies: "QuerySet[Study]") -> "QuerySet[Study]":
    """For lists: of the result, which has a figure for each class of each arm, only answer and sentence are read."""
    return studies.annotate(answer=KT("result__answer"), sentence=KT("result__sentence")).defer("result")


def studies_visible_to(
    person: HasKey | AnonymousUser,
    lab: uuid.UUID | None = None,
    version: uuid.UUID | None = None,
    run: uuid.UUID | None = None,
) -> "QuerySet[Study]":
    """The studies of the labs that the person is in; only those of a lab, a version, a run where it is given."""
    given = {STUDY_LAB: lab, "version": version, "run": run}
    rows = visible(all_studies(), person, STUDY_LAB)
    return rows.filter(**{path: value for path, value in given.items() if value is not None})


def pools_of(study: Study) -> list[Pool]:
    """The pools that were given, in their order. Raises: GoneError."""
    known = {str(pool.pk): pool for pool in Pool.objects.filter(alive(Pool), pk__in=study.pools, is_ready=True)}
    if missing := [pk for pk in study.pools if pk not in known]:
        raise GoneError(f"{len(missing)} of the {len(study.pools)} pools of this study are not there any more.")
    return [known[pk] for pk in study.pools]


def study_for(selection: Selection) -> Study | None:
    """The newest answer about a selection's images: about their pool, or about the model and version that made them."""
    run, pool = selection.pool.run, str(selection.pool_id)
    told = _answers().filter(alive(Study), version=run.version_id, model=run.recipe.model)
    fitting = (study for study in told.order_by("-finished_at", "-pk") if not study.pools or pool in study.pools)
    return next(fitting, None)


def num_answers(version: uuid.UUID) -> int:
    """Studies that have read the version's test images, deleted ones included."""
    return _answers().filter(version=version).count()


def _answers() -> "QuerySet[Study]":
    return Study.objects.filter(question=Study.Question.BENEFIT, result__isnull=False)

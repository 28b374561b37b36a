"""What there is to read about samples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from webapp.core.permissions import HasKey
from webapp.gallery.models import Choice, Pool, Sample, SampleScore, Selection, Verdict
from webapp.gallery.selectors.pools import POOL_LAB
from webapp.runs.models import RunFile

SAMPLE_LAB = f"pool__{POOL_LAB}"


@dataclass(frozen=True)
class Shown:
    """A sample with what a page of the gallery shows of it.

    verdict, rating, starred: the asking person's own, None where there is none; mean_rating: everybody's.
    """

    sample: Sample
    scores: Mapping[str, float]
    mean_rating: float | None
    verdict: str | None
    rating: int | None
    starred: bool
    choice: Choice | None


def pooled_samples() -> "QuerySet[Sample]":
    """Samples of whole pools, with the pool."""
    return Sample.objects.filter(pool__is_ready=True).select_related("pool").defer("pool__score_quantiles", "nearest")


def all_samples() -> "QuerySet[Sample]":
    """Samples of whole pools, with what they were made from."""
    return Sample.objects.filter(pool__is_ready=True).select_related("pool__run__version__dataset", "pool__run__recipe")


def shown(samples: Iterable[Sample], person: HasKey, selection: Selection | None) -> list[Shown]:
    """The samples of one page with scores, the person's verdicts and the selection's choices, in three queries."""
    found = list(samples)
    ids = [sample.pk for sample in found]
    scores: dict[int, dict[str, float]] = {}
    for pk, name, value in SampleScore.objects.filter(sample__in=ids).values_list("sample_id", "name", "value"):
        scores.setdefault(pk, {})[name] = value
    verdicts = Verdict.objects.filter(sample__in=ids, person_id=person.pk)
    said = verdicts.values_list("sample_id", "value", "rating", "starred")
    own = {pk: (value, rating, starred) for pk, value, rating, starred in said}
    choices: dict[int, Choice] = {}
    if selection is not None:
        choices = {choice.sample_id: choice for choice in selection.choices.filter(sample__in=ids)}
    rows = []
    for sample in found:
        measured = scores.get(sample.pk, {})
        mean = measured.pop(SampleScore.RATING, None)
        verdict, rating, starred = own.get(sample.pk, ("", 0, False))
        choice = choices.get(sample.pk)
        rows.append(Shown(sample, measured, mean, verdict or None, rating or None, starred, choice))
    return rows


@dataclass(frozen=True)
class Detail(Shown):
    """Everything known of a sample; its choice is that of the run's own selection."""

    nearest: list[dict[str, Any]]
    verdicts: list[Verdict]
    choices: list[Choice]


def detail_of(sample: Sample, person: HasKey) -> Detail:
    """With everybody's verdicts and every selection's choice."""
    page = shown([sample], person, sample.pool.selections.order_by("number").first())
    return Detail(
        **vars(page[0]),
        nearest=neighbours_of(sample),
        verdicts=list(verdicts_of(sample)),
        choices=list(choices_of(sample)),
    )


def imported_names(pool: Pool, indexes: Iterable[int]) -> dict[int, str]:
    """Row in the pool -> the file that it was imported from; empty for images of our own."""
    if not pool.run.origin:
        return {}
    rows = RunFile.objects.filter(run=pool.run_id, index__in=list(indexes))
    return {index: name for index, name in rows.values_list("index", "name") if index is not None}


def verdicts_of(sample: Sample) -> "QuerySet[Verdict]":
    """Everybody's, oldest first; a star alone is nobody else's business."""
    told = sample.verdicts.exclude(value="", rating=0)
    return told.select_related("person").order_by("decided_at", "pk")


def choices_of(sample: Sample) -> "QuerySet[Choice]":
    """What each finished selection decided about the sample."""
    finished = Selection.State.FINISHED
    return sample.choices.filter(selection__state=finished).select_related("selection").order_by("selection__number")


def neighbours_of(sample: Sample) -> list[dict[str, Any]]:
    """The nearest training images, nearest first: {"index", "distance", "label", "thumbnail_url"}."""
    version = sample.pool.run.version
    images = {image.index: image for image in version.images.filter(index__in=[index for index, _ in sample.nearest])}
    return [
        {
            "index": index,
            "distance": distance,
            "label": images[index].label,
            "thumbnail_url": f"{settings.BASE_PATH}/api/v1/versions/{version.pk}/images/{index}/thumbnail/",
        }
        for index, distance in sample.nearest
        if index in images
    ]


def judged_rows(pool: Pool) -> dict[str, list[int]]:
    """Rows of the pool that people's verdicts add up to accept, and to reject, by now."""
    rows: dict[str, list[int]] = {Sample.Standing.ACCEPTED.value: [], Sample.Standing.REJECTED.value: []}
    judged = pool.samples.filter(standing__in=rows).order_by("index")
    for index, standing in judged.values_list("index", "standing").iterator():
        rows[standing].append(index)
    return rows

"""What there is to read about exports, and the rows that one holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, F, IntegerField, Min, QuerySet, Sum, Value, When

from webapp.core import storage
from webapp.core.permissions import HasKey, visible
from webapp.datasets.models import DatasetImage, DatasetVersion
from webapp.datasets.selectors import VERSION_LAB, all_grey, train_counts
from webapp.exports.models import Export
from webapp.gallery.models import Choice, Pool, Sample, SampleScore, Selection
from webapp.gallery.selectors.samples import imported_names
from webapp.recipes.catalogue import catalogue

EXPORT_LAB = f"version__{VERSION_LAB}"
BATCH = 1000
ROW_BYTES = 2048
"""What an image takes besides its pixels, at most: headers, its rows in manifest and sums, its text chunk."""
LARGEST_SIDE = 1024


def all_exports() -> "QuerySet[Export]":
    """Exports with what they were made from; one that was deleted while it is built is gone already."""
    return with_origins().filter(cancel_requested=False)


def with_origins() -> "QuerySet[Export]":
    """Every row, with what it was made from."""
    return Export.objects.select_related(
        "version__dataset", "selection__pool__run__version__dataset", "selection__pool__run__recipe", "created_by"
    )


def exports_visible_to(person: HasKey | AnonymousUser) -> "QuerySet[Export]":
    """The exports of the labs that the person is in."""
    return visible(all_exports(), person, EXPORT_LAB)


def included(export: Export) -> "QuerySet[Choice]":
    """The samples that the export holds: those that are `wanted`, of each class the best up to the cap."""
    chosen = wanted(export)
    if export.max_ratio is None:
        return chosen
    last = _last_ranks(export, chosen)
    if not last:
        return chosen.none()
    ends = [When(sample__label=label, then=Value(rank)) for label, rank in last.items()]
    capped = chosen.annotate(last_rank=Case(*ends, default=Value(-1), output_field=IntegerField()))
    return capped.filter(rank__lte=F("last_rank"))


def wanted(export: Export) -> "QuerySet[Choice]":
    """Selected and not rejected, or only those that people accepted; whatever the cap leaves of them."""
    kept = Choice.objects.filter(selection=export.selection_id, kept=True)
    if export.content == Export.Content.REAL:
        return kept.none()
    if export.accepted_only:
        return kept.filter(sample__standing=Sample.Standing.ACCEPTED)
    return kept.exclude(sample__standing=Sample.Standing.REJECTED)


def class_caps(export: Export) -> dict[str, int]:
    """Class -> the most synthetic images that `max_ratio` allows: a multiple of the real training images."""
    ratio = export.max_ratio or 0.0
    return {name: int(ratio * count + 1e-9) for name, count in train_counts(export.version).items()}


def num_memorised(chosen: "QuerySet[Choice]") -> int:
    """How many of the chosen samples may be copies of training images."""
    return chosen.filter(sample__memorised=True).count()


def _last_ranks(export: Export, chosen: "QuerySet[Choice]") -> dict[int, int]:
    """Label -> the rank of the last sample that the cap leaves; a class without any is left out."""
    if export.selection is None:
        return {}
    caps = class_caps(export)
    room = {label: caps.get(name, 0) for label, name in enumerate(export.selection.pool.classes)}
    last: dict[int, int] = {}
    for label, rank in chosen.order_by("sample__label", "rank").values_list("sample__label", "rank").iterator():
        if room[label] > 0 and rank is not None:
            room[label] -= 1
            last[label] = rank
    return last


def synthetic_counts(export: Export, chosen: "QuerySet[Choice] | None" = None) -> dict[str, int]:
    """Class -> synthetic images, of the included ones where nothing else is given."""
    if export.selection is None:
        return {}
    names = export.selection.pool.classes
    rows = (included(export) if chosen is None else chosen).order_by().values_list("sample__label")
    return {names[label]: number for label, number in rows.annotate(number=Count("pk"))}


@dataclass(frozen=True)
class Estimate:
    """What an export would hold, and what it would take at most.

    real: split -> class -> images. synthetic, left_out: class -> samples that go in, and that the cap leaves out.
    num_memorised: of the samples that go in.
    """

    num_real: int
    real: dict[str, dict[str, int]]
    synthetic: dict[str, int]
    left_out: dict[str, int]
    num_memorised: int
    size_bytes: int


def estimate_of(export: Export) -> Estimate:
    """Of an export as asked for, saved or not. Synthetic images count as if they could not be compressed."""
    real = export.version.images.all() if export.content != Export.Content.SYNTHETIC else export.version.images.none()
    counts = export.version.counts if export.content != Export.Content.SYNTHETIC else {}
    facts = real.aggregate(images=Count("pk"), size_bytes=Sum("size_bytes"))
    chosen = included(export)
    synthetic = synthetic_counts(export, chosen)
    before = synthetic_counts(export, wanted(export)) if export.max_ratio is not None else synthetic
    size = (facts["size_bytes"] or 0) + ROW_BYTES * facts["images"]
    if export.selection is not None:
        pool = export.selection.pool
        size += sum(synthetic.values()) * (pool.resolution**2 * pool.channels + ROW_BYTES)
    left_out = {name: count - synthetic.get(name, 0) for name, count in before.items()}
    left_out = {name: count for name, count in left_out.items() if count}
    return Estimate(facts["images"], counts, synthetic, left_out, num_memorised(chosen), size)


@dataclass(frozen=True)
class Shape:
    """What a format that wants equal images makes of the real ones."""

    resolution: int
    channels: int
    fit: Literal["crop", "pad", "stretch"]


def shape_of(export: Export) -> Shape:
    """As the run's model saw them; without a run, the largest power of two that no training image must grow to."""
    if export.selection is not None:
        pool = export.selection.pool
        return Shape(pool.resolution, pool.channels, pool.run.recipe.model_settings["fit"])
    sides = export.version.images.filter(split="train").aggregate(width=Min("width"), height=Min("height"))
    side = min(sides["width"] or 1, sides["height"] or 1, LARGEST_SIDE)
    return Shape(1 << max(side, 1).bit_length() - 1, 1 if all_grey(export.version) else 3, "crop")


def real_rows(export: Export) -> Iterator[dict[str, Any]]:
    """The real images of all splits, as the plan of an export names them; none when only synthetic ones are wanted."""
    if export.content == Export.Content.SYNTHETIC:
        return
    version = export.version
    origin = version_facts(export)
    half = half_of_pairs(export)
    for image in version.images.order_by("index").iterator(BATCH):
        is_A = bool(image.pair_sha256) and half == "A"
        sha256, suffix = (image.pair_sha256, image.pair_suffix) if is_A else (image.sha256, image.suffix)
        yield {
            "id": f"real-{image.index:07d}",
            "file": str(storage.object_file(version.dataset.lab_id, sha256, suffix)),
            "label": image.label,
            "split": image.split,
            "name": image.pair_name if is_A else image.name,
            "half": half if image.pair_sha256 == image.sha256 else "",
            "row": {"sha256": sha256, "dataset_version": origin, **_attributes(version, image)},
        }


def half_of_pairs(export: Export) -> Literal["A", "B"]:
    """Which half of real pairs it holds: the one that the run's images are like; B where there is no run."""
    if export.selection is None or export.selection.pool.run.origin:
        return "B"
    recipe = export.selection.pool.run.recipe
    model = catalogue().models.get(recipe.model)
    return "A" if model is not None and model.makes_A(recipe.model_settings) else "B"


def _attributes(version: DatasetVersion, image: DatasetImage) -> dict[str, Any]:
    """Name -> whether the image has it, None where nobody said; nothing where the version has no attributes."""
    if not version.attributes:
        return {}
    meaning = {"1": True, "0": False, "?": None}
    said = zip(version.attributes, image.attributes, strict=False)
    return {"attributes": {name: meaning[sign] for name, sign in said}}


def synthetic_rows(export: Export) -> Iterator[dict[str, Any]]:
    """The included samples in the order of the pool, with their manifest columns."""
    if export.selection is None:
        return
    pool = export.selection.pool
    recipe, origin = recipe_facts(export.selection), version_facts(export)
    for samples in _in_batches(export):
        scores: dict[int, dict[str, float]] = {}
        rows = SampleScore.objects.filter(sample__in=[sample.pk for sample in samples])
        for pk, name, value in rows.values_list("sample_id", "name", "value"):
            scores.setdefault(pk, {})[name] = value
        elsewhere = origin_facts(export.selection)
        names = imported_names(pool, [sample.index for sample in samples])
        sources = _sources(pool, samples)
        for sample in samples:
            measured = scores.get(sample.pk, {})
            rating = measured.pop(SampleScore.RATING, None)
            yield {
                "id": f"synthetic-{sample.index:07d}",
                "index": sample.index,
                "label": sample.label,
                "row": {
                    "recipe": recipe,
                    "checkpoint_sha256": pool.checkpoint_sha256 or None,
                    "seed": None if elsewhere else sample.seed,
                    **({"source": sources[sample.source]} if sample.source in sources else {}),
                    **({"origin": {**elsewhere, "file": names[sample.index]}} if elsewhere else {}),
                    "scores": measured,
                    "verdict": sample.standing,
                    "rating": rating,
                    "nearest_train_distance": sample.nearest[0][1] if sample.nearest else None,
                    "memorised": sample.memorised,
                    "dataset_version": origin,
                },
            }


def _sources(pool: Pool, samples: Sequence[Sample]) -> dict[int | None, dict[str, Any]]:
    """Index of a real image that samples were translated from -> what the manifest says of it."""
    wanted = {sample.source for sample in samples if sample.source is not None}
    images = pool.run.version.images.filter(index__in=wanted)
    return {image.index: {"name": image.name, "label": image.label, "sha256": image.sha256} for image in images}


def _in_batches(export: Export) -> Iterator[list[Sample]]:
    last = -1
    while True:
        choices = included(export).filter(sample__index__gt=last).select_related("sample").order_by("sample__index")
        samples = [choice.sample for choice in choices[:BATCH]]
        if not samples:
            return
        yield samples
        last = samples[-1].index


def recipe_facts(selection: Selection) -> dict[str, Any]:
    """The recipe of the run, and the sampler of the selection that is exported."""
    recipe = selection.pool.run.recipe
    return {
        "id": str(recipe.pk),
        "number": recipe.number,
        "name": recipe.name,
        "model": recipe.model,
        "sampler": selection.sampler,
        "selection": selection.number,
    }


def origin_facts(selection: Selection) -> dict[str, Any] | None:
    """Who made the images elsewhere; None where they are the run's own."""
    origin = selection.pool.run.origin
    return {key: origin[key] for key in ("name", "note", "licence")} if origin else None


def version_facts(export: Export) -> dict[str, Any]:
    """The dataset version that everything comes from."""
    version = export.version
    return {"dataset": version.dataset.name, "number": version.number, "content_hash": version.content_hash}

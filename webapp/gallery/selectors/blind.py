"""What there is to read about blind tests."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet, Sum

from ml import catalog
from webapp.core.permissions import HasKey
from webapp.gallery.models import BlindTest, BlindTrial, Pool
from webapp.gallery.selectors.pixels import bare_png, packed, sample_pixels
from webapp.gallery.selectors.pools import SELECTION_LAB

BLIND_LAB = SELECTION_LAB
Truth = BlindTrial.Answer
SHOWN: Final = 50


@dataclass(frozen=True)
class HitRate:
    """Right answers of all, with Wilson's 95 % interval."""

    num_right: int
    num_images: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class People:
    """The mean of people's hit rates, each person once; low and high: Student's 95 % interval, of two people on."""

    num_people: int
    mean: float
    low: float | None
    high: float | None


def all_blind_tests() -> "QuerySet[BlindTest]":
    """Of whole pools, with what they are about."""
    return BlindTest.objects.filter(pool__is_ready=True).select_related("pool__run", "person", "selection")


def finished_in(pool: Pool) -> "QuerySet[BlindTest]":
    """The latest SHOWN tests of the pool that are finished, the newest first."""
    return all_blind_tests().filter(pool=pool, finished_at__isnull=False).order_by("-finished_at")[:SHOWN]


def unfinished_of(pool: Pool, person: HasKey) -> BlindTest | None:
    """The test that the person is in the middle of."""
    return all_blind_tests().filter(pool=pool, person=person.pk, finished_at=None).first()


def people_in(pool: Pool) -> People | None:
    """Over all finished tests of the pool; None before the first."""
    rows = BlindTest.objects.filter(pool=pool, finished_at__isnull=False).order_by().values_list("person")
    sums = rows.annotate(right=Sum("num_right"), images=Sum("num_images")).values_list("right", "images")
    shares = [right / images for right, images in sums]
    if not shares:
        return None
    low, high = catalog.mean_interval(shares) if len(shares) > 1 else (None, None)
    bounds = (None, None) if low is None or high is None else (max(0.0, low), min(1.0, high))
    return People(len(shares), sum(shares) / len(shares), *bounds)


def hit_rate(num_right: int, num_images: int) -> HitRate:
    return HitRate(num_right, num_images, num_right / num_images, *catalog.wilson_interval(num_right, num_images))


def by_class(pool: Pool, trials: Iterable[BlindTrial]) -> dict[str, HitRate]:
    """Class -> the hit rate on its images, of the classes that were shown."""
    shown, right = Counter[int](), Counter[int]()
    for trial in trials:
        shown[trial.label] += 1
        right[trial.label] += trial.answer == trial.truth
    return {pool.classes[label]: hit_rate(right[label], number) for label, number in sorted(shown.items())}


def table_of(trials: Iterable[BlindTrial]) -> dict[str, dict[str, int]]:
    """What the images were -> what they were taken for -> how many."""
    counts = Counter((trial.truth, trial.answer) for trial in trials)
    return {truth: {answer: counts[truth, answer] for answer in Truth.values} for truth in Truth.values}


def trial_png(test: BlindTest, trial: BlindTrial) -> bytes:
    """Real and synthetic the same way: the pixels that the model saw or made, in a PNG of one length.

    Raises: GoneError.
    """
    if trial.truth == Truth.REAL:
        return bare_png(packed(test.pool, "images")[trial.row])
    return bare_png(sample_pixels(test.pool, trial.row))

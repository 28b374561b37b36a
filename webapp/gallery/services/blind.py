"""Blind tests: real and synthetic images, mixed, and a person who tells them apart.

It is the visual Turing test of Shrivastava et al., Learning from Simulated and Unsupervised Images through Adversarial
Training, CVPR 2017: half of the images are real, and who cannot tell answers right half of the time. Here both halves
hold equally many images of each class, so that no class gives an image away.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from numpy.typing import NDArray

from webapp.accounts.models import Person
from webapp.core.errors import ConflictError, GoneError, InvalidError, NotFoundError
from webapp.core.storage import stored
from webapp.datasets.models import DatasetImage
from webapp.gallery.models import BlindTest, BlindTrial, Choice, Pool, Selection
from webapp.gallery.selectors.pixels import packed

Truth = BlindTrial.Answer
SIZES: Final = (20, 50, 100)
Rows = NDArray[np.int64]


def begin_blind_test(
    pool: Pool, person: Person, num_images: int, selection: Selection | None = None, seed: int | None = None
) -> BlindTest:
    """Mix a test for the person; with a selection, the synthetic half is of what it kept. seed: for tests.

    Raises: InvalidError when there are too few images of one kind; GoneError; ConflictError while another test of
    theirs is unfinished.
    """
    random = np.random.default_rng(seed)
    real = [_real_rows(pool, name) for name in pool.classes]
    synthetic = list(_synthetic_rows(pool, selection))
    both = np.array([min(len(one), len(other)) for one, other in zip(real, synthetic, strict=True)])
    if both.sum() < num_images // 2:
        message = (
            f"A test of {num_images} images needs {num_images // 2} real and as many synthetic ones of the same "
            f"classes, and there are {both.sum()}; choose fewer images, or samples of the whole pool."
        )
        raise InvalidError(message, code="too_few_images", fields={"num_images": [message]})
    counts = random.multivariate_hypergeometric(both, num_images // 2)
    drawn = [*_draw(real, counts, Truth.REAL, random), *_draw(synthetic, counts, Truth.SYNTHETIC, random)]
    try:
        with transaction.atomic():
            test = BlindTest.objects.create(pool=pool, person=person, selection=selection, num_images=num_images)
            BlindTrial.objects.bulk_create(
                BlindTrial(test=test, place=place, truth=truth, label=label, row=row)
                for place, (truth, label, row) in enumerate(drawn[which] for which in random.permutation(len(drawn)))
            )
    except IntegrityError:
        message = "You have not finished your last blind test of this pool; go on with it, or give it up."
        raise ConflictError(message, code="unfinished") from None
    return test


@transaction.atomic
def answer_trial(test: BlindTest, place: int, answer: str) -> BlindTest:
    """Take the image for real or synthetic; until the test is finished an answer can be changed. The last one ends it.

    Raises: NotFoundError; ConflictError when it is finished.
    """
    test = BlindTest.objects.select_for_update(of=("self",)).get(pk=test.pk)
    if test.finished_at is not None:
        raise ConflictError("This blind test is finished; its answers stay as they are.", code="finished")
    if not test.trials.filter(place=place).update(answer=answer):
        raise NotFoundError
    if not test.trials.filter(answer="").exists():
        num_right = test.trials.filter(answer=F("truth")).count()
        BlindTest.objects.filter(pk=test.pk).update(num_right=num_right, finished_at=Now())
        test.refresh_from_db()
    return test


def give_up(test: BlindTest) -> None:
    """An unfinished test leaves nothing. Raises: ConflictError when it is finished."""
    gone, _ = BlindTest.objects.filter(pk=test.pk, finished_at=None).delete()
    if not gone:
        raise ConflictError("This blind test is finished; what was measured stays.", code="finished")


def _real_rows(pool: Pool, label: str) -> Rows:
    """Rows of the class's training images in the pack: those that the model learnt from."""
    images = DatasetImage.objects.filter(version=pool.run.version_id, label=label, split="train")
    wanted = np.array(images.order_by("index").values_list("index", flat=True), np.int64)
    return np.flatnonzero(np.isin(packed(pool, "index"), wanted)).astype(np.int64)


def _synthetic_rows(pool: Pool, selection: Selection | None) -> Iterator[Rows]:
    """Rows of the pool by class, in the order of its classes."""
    try:
        label = np.load(stored(pool.path) / "label.npy", allow_pickle=False)
    except OSError:
        raise GoneError("The images of this pool are not on the disk any more; run the recipe again.") from None
    if selection is not None:
        kept = Choice.objects.filter(selection=selection, kept=True).values_list("sample__index", flat=True)
        label[np.setdiff1d(np.arange(len(label)), np.fromiter(kept.iterator(), np.int64))] = -1
    for number in range(len(pool.classes)):
        yield np.flatnonzero(label == number).astype(np.int64)


def _draw(
    rows: Sequence[Rows], counts: NDArray[np.int64], truth: str, random: np.random.Generator
) -> Iterator[tuple[str, int, int]]:
    for label, (own, count) in enumerate(zip(rows, counts, strict=True)):
        for row in random.choice(own, count, replace=False):
            yield truth, label, int(row)

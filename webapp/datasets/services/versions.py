"""The next version of a dataset: more images, fewer, other labels, other splits; the files stay where they are."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.db import transaction

from webapp.core.errors import ConflictError, InvalidError
from webapp.datasets.models import DatasetImage, DatasetVersion, Upload
from webapp.datasets.services.datasets import queue_version

FIELDS: Final = (
    "index",
    "name",
    "label",
    "split",
    "sha256",
    "suffix",
    "width",
    "height",
    "is_grey",
    "size_bytes",
    "fingerprint",
    "attributes",
)
PAIR: Final = ("pair_name", "pair_sha256", "pair_suffix", "pair_size_bytes")
"""Columns that only a pair has, all of them."""
LOOK: Final = ("brightness", "darkest", "lightest", "sharpness", "entropy")
"""Columns that are `ml.look.Look` together."""
LABEL_SIGNS: Final = 255
"""What the column holds."""


@dataclass(frozen=True)
class Choice:
    """Some images of a version, by index, and whole classes."""

    images: Sequence[int] = ()
    classes: Sequence[str] = ()


@dataclass(frozen=True)
class Edits:
    """What differs from the version before. relabel: new label -> the images that get it."""

    exclude: Choice = field(default_factory=Choice)
    relabel: Mapping[str, Choice] = field(default_factory=dict)
    resplit: bool = False

    def __bool__(self) -> bool:
        choices = (self.exclude, *self.relabel.values())
        return self.resplit or any(choice.images or choice.classes for choice in choices)


def next_version(
    base: DatasetVersion,
    edits: Edits,
    *,
    upload: Upload | None = None,
    split_seed: int | None = None,
    split_fractions: Sequence[float] = (),
) -> DatasetVersion:
    """A version of `base`'s images with the edits, and with the upload's images added; a worker puts it together.

    Raises: ConflictError when `base` is not ready, InvalidError when nothing would change or a choice is not in it.
    """
    if base.state != DatasetVersion.State.READY:
        raise ConflictError(
            f"Version {base.number} is not ready, so nothing can be made from it yet.", code="not_ready"
        )
    if not edits and upload is None:
        raise InvalidError("Nothing would change; exclude, relabel, re-split or add images.", code="no_change")
    _check_choices(base, edits)
    with transaction.atomic():
        return queue_version(
            base.dataset,
            upload=upload,
            base=base,
            edits=asdict(edits),
            split_seed=base.split_seed if split_seed is None else split_seed,
            split_fractions=list(split_fractions or base.split_fractions),
        )


def _check_choices(base: DatasetVersion, edits: Edits) -> None:
    """Raises: InvalidError."""
    for name, choice in (("exclude", edits.exclude), *(("relabel", choice) for choice in edits.relabel.values())):
        beyond = [index for index in choice.images if index >= base.num_images]
        unknown = sorted(set(choice.classes) - set(base.classes))
        if beyond or unknown:
            what = f"no image {beyond[0]}" if beyond else f"no class {unknown[0]!r}"
            message = f"Version {base.number} has {what}."
            raise InvalidError(message, fields={name: [message]})
    if edits.relabel and base.attributes:
        message = (
            "The class of an image with attributes follows from these; correct the list of attributes, and upload."
        )
        raise InvalidError(message, fields={"relabel": [message]})
    for label in edits.relabel:
        if not label.strip() or len(label) > LABEL_SIGNS:
            message = f"A label has 1 to {LABEL_SIGNS} signs."
            raise InvalidError(message, fields={"relabel": [message]})


def earlier_images(version: DatasetVersion) -> Iterator[dict[str, Any]]:
    """The images of the version that this one is made from, with its edits: `ml.earlier.EarlierImage`."""
    edits = version.edits
    excluded = _chosen(edits["exclude"])
    relabelled = [(label, _chosen(choice)) for label, choice in edits["relabel"].items()]
    rows = DatasetImage.objects.filter(version=version.base).order_by("index")
    for image in rows.values(*FIELDS, *PAIR, *LOOK).iterator():
        if not image["pair_sha256"]:
            for name in PAIR:
                image.pop(name)
        look = {name: image.pop(name) for name in LOOK}
        image["look"] = None if None in look.values() else look
        index, label = image.pop("index"), image["label"]
        image["fingerprint"] = bytes(image["fingerprint"]).hex()
        image["excluded"] = _is_chosen(excluded, index, label)
        new = _new_label(relabelled, index, label)
        image.update(label=new, was=None if new == label else label)
        yield image


def _chosen(choice: Mapping[str, Any]) -> tuple[Collection[int], Collection[str]]:
    return frozenset(choice["images"]), frozenset(choice["classes"])


def _new_label(
    relabelled: Collection[tuple[str, tuple[Collection[int], Collection[str]]]], index: int, label: str
) -> str:
    """What was said of the image itself goes before what was said of its class."""
    of_image = (new for new, (images, _) in relabelled if index in images)
    of_class = (new for new, (_, classes) in relabelled if label in classes)
    return next(of_image, None) or next(of_class, label)


def _is_chosen(chosen: tuple[Collection[int], Collection[str]], index: int, label: str) -> bool:
    images, classes = chosen
    return index in images or label in classes

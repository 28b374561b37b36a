"""Unpaired domains: two or more sets of images of which none belongs to one of another, as CycleGAN learns from.

    trainA/<image>  trainB/<image>      and testA/, testB/, valA/, valB/ where they are: the domains A, B, …
    <domain>/<image>                    two or more folders of any names, when the kind is chosen by name; with or
                                        without split folders, as `ml/class_folders.py` reads classes

A domain is a class.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ml.class_folders import placed_in_class_folders
from ml.dataset_kind import DatasetKind, Entry, Listing, no_content
from ml.errors import BadDatasetError
from ml.label_files import Content
from ml.members import no_images, number_of, passed_over, split_of
from ml.plugin import Card

_SPLIT_AND_DOMAIN = re.compile(r"(?P<split>[a-z]+?)[_-]?(?P<domain>[A-Z])")


class _Place(NamedTuple):
    domain: str
    split: str


class ImageDomains(DatasetKind):
    """One folder per domain, nothing paired."""

    name = "image_domains"
    yields = ("image", "label")
    specificity = 2
    card = Card(
        title="Unpaired domains",
        summary="Two or more sets of images, such as horses and zebras: trainA and trainB, or one folder per domain.",
        strengths="Translations are learnt without a pair; the layout of CycleGAN's datasets.",
        limits="Each domain is one class; what tells images within a domain apart is not said.",
    )

    @classmethod
    def recognise(cls, names: Sequence[str], content: Content = no_content) -> str:
        places = {_place(name) for name in names if not passed_over(name)} - {None}
        trained = sorted(place.domain for place in places if place and place.split == "train")
        if len(trained) < 2:
            return ""
        folders = " and ".join(f"train{domain}" for domain in trained)
        return f"{number_of(len(trained), 'domain')}: {folders} hold images that are not paired."

    @classmethod
    def read(cls, names: Sequence[str], content: Content = no_content) -> Listing:
        """Entries in the order of their names.

        Raises: BadDatasetError when there are fewer than two domains.
        """
        skipped = [(name, reason) for name in names if (reason := passed_over(name))]
        left_out = {name for name, _ in skipped}
        images = [name for name in sorted(names) if name not in left_out]
        if not images:
            raise BadDatasetError(no_images(names))
        if cls.recognise(names):
            entries = [Entry(name, place.domain, place.split) for name in images if (place := _place(name))]
            beside = [
                (name, "The image lies beside the folders of the domains; expected it in one such as trainA or testB.")
                for name in images
                if not _place(name)
            ]
        else:
            entries, beside = placed_in_class_folders(images)
        domains = {entry.label for entry in entries}
        if len(domains) < 2:
            found = f"only {min(domains)!r}" if domains else "none"
            raise BadDatasetError(
                f"A dataset of unpaired domains needs two folders of images at least, and {found} was found; put them "
                "as trainA/ and trainB/, or as one folder per domain."
            )
        return Listing(tuple(entries), (*skipped, *beside))


def _place(name: str) -> _Place | None:
    """By the first folder above an image that says both."""
    for folder in name.split("/")[:-1]:
        found = _SPLIT_AND_DOMAIN.fullmatch(folder.strip())
        split = split_of(found["split"]) if found else None
        if found and split:
            return _Place(found["domain"], split)
    return None

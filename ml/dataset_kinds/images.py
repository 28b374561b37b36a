"""Images without labels, in any folders.

    <image>                     no splits: they are drawn at ingest
    <split>/…/<image>           where every image lies below a folder called train, val or test

All images belong to one class, `images`, so that every model that learns by class learns one.
"""

from collections.abc import Sequence

from ml.dataset_kind import DatasetKind, Entry, Listing, no_content
from ml.errors import BadDatasetError
from ml.label_files import Content
from ml.members import no_images, number_of, passed_over, split_of
from ml.plugin import Card

LABEL = "images"


class Images(DatasetKind):
    """No labels."""

    name = "images"
    yields = ("image", "label")
    card = Card(
        title="Images without labels",
        summary="Any folder of images; folder names other than train, val and test mean nothing.",
        strengths="Nothing to prepare.",
        limits="One class: nothing is learnt of what tells the images apart.",
    )

    @classmethod
    def recognise(cls, names: Sequence[str], content: Content = no_content) -> str:
        candidates = [name for name in names if not passed_over(name)]
        if not candidates or any("/" in name for name in candidates):
            return ""
        return f"{number_of(len(candidates), 'image')} without a folder that could be a class, or a file of labels."

    @classmethod
    def read(cls, names: Sequence[str], content: Content = no_content) -> Listing:
        """Entries in the order of their names.

        Raises: BadDatasetError when there is no image.
        """
        skipped = tuple((name, reason) for name in names if (reason := passed_over(name)))
        left_out = {name for name, _ in skipped}
        images = sorted(name for name in names if name not in left_out)
        if not images:
            raise BadDatasetError(no_images(names))
        splits = [next(filter(None, map(split_of, name.split("/")[:-1])), None) for name in images]
        if None in splits or "train" not in splits:
            splits = [None] * len(images)
        return Listing(tuple(Entry(name, LABEL, split) for name, split in zip(images, splits, strict=True)), skipped)

"""Class folders, with or without split folders.

Folders are read as `ml/class_folders.py` says. Where a label file (`ml/label_files.py`) is there, it says label and
split instead; an image without a split is then one of train, when others have one.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from ml.class_folders import placed_in_class_folders
from ml.dataset_kind import DatasetKind, Entry, Listing, no_content
from ml.errors import BadDatasetError
from ml.label_files import Content, Told, read_label_files
from ml.members import no_images, number_of, passed_over
from ml.plugin import Card
from ml.source import printable


class LabelledImages(DatasetKind):
    """One class per folder."""

    name = "labelled_images"
    specificity = 1
    yields = ("image", "label")
    card = Card(
        title="Labelled images",
        summary="One folder per class, with or without train, val and test folders around or inside them; or a file of "
        "labels: CSV, metadata.jsonl, or StyleGAN's dataset.json.",
        strengths="What torchvision's ImageFolder and most published archives use.",
        limits="One class per image.",
    )

    @classmethod
    def recognise(cls, names: Sequence[str], content: Content = no_content) -> str:
        try:
            listing = cls.read(names, content)
        except BadDatasetError:
            return ""
        _, files = read_label_files(names, content)
        where = f"named by {', '.join(map(printable, files))}" if files else "each a folder of images"
        return f"{number_of(len({entry.label for entry in listing.entries}), 'class', 'classes')}, {where}."

    @classmethod
    def read(cls, names: Sequence[str], content: Content = no_content) -> Listing:
        """Entries in the order of their names.

        Raises: BadDatasetError when no image lies in a class folder, or splits are there without a train folder.
        """
        skipped = [(name, reason) for name in names if (reason := passed_over(name))]
        left_out = {name for name, _ in skipped}
        images = [name for name in sorted(names) if name not in left_out]
        if not images:
            raise BadDatasetError(no_images(names))
        told, files = read_label_files(names, content)
        if told:
            return _as_told(images, told, files, skipped)
        entries, beside = placed_in_class_folders(images)
        if not entries:
            raise BadDatasetError(
                f"None of the {len(images)} images lies in a class folder; put them as <class>/<image> or "
                "<split>/<class>/<image>, or make it a dataset of the kind images, without labels."
            )
        return Listing(tuple(entries), (*skipped, *beside))


# --- label files --------------------------------------------------------------------------------------------------
def _as_told(
    images: Sequence[str], told: Mapping[str, Told | str], files: Sequence[str], skipped: Sequence[tuple[str, str]]
) -> Listing:
    """Raises: BadDatasetError when the label files name no image that is there, or splits without train."""
    named = ", ".join(map(printable, files))
    entries: list[Entry] = []
    passed = [(name, "Read for its labels." if name in files else reason) for name, reason in skipped]
    for name in images:
        said = told.get(name, f"No line of {named} gives the image a label.")
        if isinstance(said, Told):
            entries.append(Entry(name, said.label, said.split))
        else:
            passed.append((name, said))
    there = set(images)
    passed += [(name, f"{named} names it, and it is no image of the source.") for name in told if name not in there]
    if not entries:
        raise BadDatasetError(
            f"{named} names none of the {len(images)} images; paths begin at the folder of that file."
        )
    splits = {entry.split for entry in entries}
    if splits != {None} and "train" not in splits:
        raise BadDatasetError(f"{named} names splits and no image of train; add them, or leave the splits out.")
    if splits != {None}:
        entries = [dataclasses.replace(entry, split=entry.split or "train") for entry in entries]
    return Listing(tuple(entries), tuple(passed))

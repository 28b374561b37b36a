"""Pairs (A, B): a map, sketch or other image A, and the photo B that belongs to it, as pix2pix learns from.

    A/<name>  B/<name>                      equal names, whatever their endings
    labels/<name>  images/<name>            A is called labels, masks, annotations, annot, maps, edges or sketches, and
                                            B images or photos
    train/<name>  trainannot/<name>         split and half in one word, as SegNet's CamVid has it; B may bear the
                                            split's name alone
    <image>, <split>/<image>                one file twice as wide as high, A on its left and B on its right

Split folders may lie around the halves or inside them. Other folders are part of a name: A/rome/1.png belongs to
B/rome/1.jpg. All pairs are of one class. Label maps stay as they are, whatever numbers or palette they hold.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ml.dataset_kind import DatasetKind, Entry, Listing, no_content
from ml.decode import Decoder
from ml.errors import BadDatasetError, BadImageError
from ml.label_files import Content
from ml.members import no_images, number_of, passed_over, split_of
from ml.plugin import Card
from ml.source import printable

LABEL = "pairs"
MOST_LOOKED_AT = 12
"""Files by whose shape it is told whether files hold both halves."""
_HALVES = {
    "A": {"a", "label", "labels", "mask", "masks", "annotation", "annotations", "annot", "annots", "map", "maps"}
    | {"edge", "edges", "sketch", "sketches", "segmentation", "segmentations"},
    "B": {"b", "image", "images", "img", "imgs", "photo", "photos"},
}
_HALF_OF = {word: half for half, words in _HALVES.items() for word in words}
_PARTS = re.compile(r"[ _-]+")

_NO_HALF = "The image lies in neither half; expected it in A/ or B/, or in folders such as labels/ and images/."


class _Place(NamedTuple):
    """Where a file stands. half: "" when no folder says it; key: folders and name without half, split and ending."""

    name: str
    half: str
    split: str | None
    key: tuple[str, ...]


class _Pairs(NamedTuple):
    """halves: folder of each half, as people know them."""

    entries: list[Entry]
    skipped: list[tuple[str, str]]
    folders: tuple[str, str]


class PairedImages(DatasetKind):
    """Two images that belong together, in two folders or side by side in one file."""

    name = "paired_images"
    yields = ("image", "label", "source")
    specificity = 3
    card = Card(
        title="Paired images",
        summary="Each image A with the photo B that belongs to it: folders A and B, or labels and images, with equal "
        "names; or both side by side in files twice as wide as high.",
        strengths="A translation learns from the true answer; label maps stay as they are.",
        limits="All pairs are of one class; an image without its other half is left out.",
    )

    @classmethod
    def recognise(cls, names: Sequence[str], content: Content = no_content) -> str:
        images = sorted(name for name in names if not passed_over(name))
        places = [_place(name) for name in images]
        if any(place.half for place in places):
            try:
                pairs = _matched(places)
            except BadDatasetError:
                return ""
            if any(reason == _NO_HALF for _, reason in pairs.skipped) and max(map(len, pairs.folders)) <= len("A/"):
                return ""  # classes that are called A, B, C
            return _sentence(pairs) if 2 * len(pairs.entries) * 2 >= len(images) else ""
        if not images or any(len(place.key) > 1 for place in _below_top(places)):
            return ""
        return _all_side_by_side(images, content)

    @classmethod
    def read(cls, names: Sequence[str], content: Content = no_content) -> Listing:
        """Entries in the order of their names.

        Raises: BadDatasetError when there is no pair, or splits are there without train.
        """
        skipped = [(name, reason) for name in names if (reason := passed_over(name))]
        left_out = {name for name, _ in skipped}
        images = sorted(name for name in names if name not in left_out)
        if not images:
            raise BadDatasetError(no_images(names))
        places = [_place(name) for name in images]
        if any(place.half for place in places):
            pairs = _matched(places)
            entries, skipped = pairs.entries, [*skipped, *pairs.skipped]
        else:
            entries = [Entry(place.name, LABEL, place.split, pair=place.name) for place in places]
        return Listing(tuple(_with_splits(entries)), tuple(skipped))


# --- two folders --------------------------------------------------------------------------------------------------
def _place(name: str) -> _Place:
    *folders, file = name.split("/")
    half, split = "", None
    rest: list[str] = []
    for folder in reversed(folders):
        said = _said(folder)
        if said is None or (said[0] and half) or (said[1] and split):
            rest.insert(0, folder)
        else:
            half, split = said[0] or half, said[1] or split
    return _Place(name, half, split, (*rest, file.rpartition(".")[0]))


def _said(folder: str) -> tuple[str, str | None] | None:
    """(half or "", split or None) that a folder's name says: `B`, `train`, `train_labels`, `trainannot`; None when it
    says neither.
    """
    word = folder.strip().casefold()
    if word in _HALF_OF or split_of(word):
        return _HALF_OF.get(word, ""), split_of(word)
    parts = _PARTS.split(word)
    if len(parts) == 2:
        one, other = parts
        if split_of(one) and other in _HALF_OF:
            return _HALF_OF[other], split_of(one)
        if split_of(other) and one in _HALF_OF:
            return _HALF_OF[one], split_of(other)
    for ending, half in _HALF_OF.items():
        if len(ending) > 1 and word.endswith(ending) and (split := split_of(word.removesuffix(ending))):
            return half, split
    return None


def _matched(places: Sequence[_Place]) -> _Pairs:
    """Raises: BadDatasetError when no file of one half has its other half."""
    named = {place.half for place in places}
    # `train` beside `trainannot`: what no folder calls a half is the other one
    other = {"A": "B", "B": "A"}[min(named - {""})] if len(named - {""}) == 1 else ""
    there: dict[str, dict[tuple[object, ...], str]] = {"A": {}, "B": {}}
    skipped = []
    for place in places:
        half, key = place.half or other, (place.split, *place.key)
        if not half:
            skipped.append((place.name, _NO_HALF))
        elif key in there[half]:
            skipped.append((place.name, f"Its half of the pair is {printable(there[half][key])} already."))
        else:
            there[half][key] = place.name
    A, B = there["A"], there["B"]
    both = sorted(A.keys() & B.keys(), key=lambda key: B[key])
    folders = _folder_of(A.values()), _folder_of(B.values())
    if not both:
        raise BadDatasetError(
            f"None of the {len(A)} images A has the same name as one of the {len(B)} images B; a pair has equal names "
            "in both folders, such as A/1.png and B/1.jpg."
        )
    for own, others, folder in ((A, B, folders[1]), (B, A, folders[0])):
        skipped += [
            (name, f"It has no other half: no image {printable(str(key[-1]))} lies in {folder}.")
            for key, name in own.items()
            if key not in others
        ]
    entries = [Entry(B[key], LABEL, _split_in(key), pair=A[key]) for key in both]
    return _Pairs(entries, skipped, folders)


def _split_in(key: tuple[object, ...]) -> str | None:
    return None if key[0] is None else str(key[0])


def _folder_of(names: Iterable[str]) -> str:
    """The folder that holds most of these, and that there are others, as a sentence names them."""
    folders = Counter(name.rpartition("/")[0] for name in names).most_common()
    if not folders:
        return "the other folder"
    most = f"{printable(folders[0][0])}/" if folders[0][0] else "the folder around"
    return f"{most} and the like" if len(folders) > 1 else most


def _sentence(pairs: _Pairs) -> str:
    number = number_of(len(pairs.entries), "pair")
    A, B = pairs.folders
    alone = sum(reason.startswith("It has no other half") for _, reason in pairs.skipped)
    if not alone:
        return f"{number}: every name in {A} has one in {B}."
    return f"{number}: names in {A} have one in {B}; {number_of(alone, 'image')} without another half."


# --- one file -----------------------------------------------------------------------------------------------------
def _below_top(places: Sequence[_Place]) -> list[_Place]:
    """Without folders that hold everything."""
    while len({place.key[0] for place in places}) == 1 and all(len(place.key) > 1 for place in places):
        places = [place._replace(key=place.key[1:]) for place in places]
    return list(places)


def _all_side_by_side(images: Sequence[str], content: Content) -> str:
    """The sentence when some files from all over the source are exactly twice as wide as high; else nothing."""
    some = images[:: max(1, -(-len(images) // MOST_LOOKED_AT))]
    with Decoder() as decoder:
        for name in some:
            try:
                seen = decoder.decode(content(name))
            except (BadImageError, BadDatasetError):
                return ""
            if seen.width != 2 * seen.height:
                return ""
    looked = "the files" if len(some) == len(images) else f"all {len(some)} files that were looked at"
    return (
        f"{number_of(len(images), 'pair')} side by side: {looked} are exactly twice as wide as high; A is the left "
        "half, B the right one."
    )


# --- splits -------------------------------------------------------------------------------------------------------
def _with_splits(entries: Sequence[Entry]) -> list[Entry]:
    """An image without a split is one of train where others have one. Raises: BadDatasetError when none is of train."""
    splits = {entry.split for entry in entries}
    if splits == {None}:
        return list(entries)
    if not splits & {"train", None}:
        raise BadDatasetError(
            f"The pairs are of the splits {', '.join(sorted(map(str, splits)))} and none of train; add a train folder, "
            "or leave the split folders out."
        )
    return [Entry(entry.name, entry.label, entry.split or "train", entry.pair) for entry in entries]

"""Pairs, domains and attributes from a source to a version and to a run's plan."""

import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml import __main__ as command_line
from ml.errors import BadDatasetError
from ml.ingest import read_dataset, run
from ml.pack import write_pack
from ml.plans import IngestPlan
from ml.records import read_all_records
from tests import real_data

Told = list[dict[str, Any]]


def png(pixels: np.ndarray[Any, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


def photo(seed: int, width: int = 16, height: int = 16) -> bytes:
    return png(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def label_map(seed: int, side: int = 16) -> bytes:
    return png(np.random.default_rng(seed).integers(0, 12, (side, side), np.uint8))


def pair_files(number: int = 10) -> dict[str, bytes]:
    maps = {f"A/{place}.png": label_map(place) for place in range(number)}
    return {**maps, **{f"B/{place}.png": photo(place) for place in range(number)}}


def attribute_files(number: int = 12, start: int = 0) -> dict[str, bytes]:
    rows = [f"{place}.png {1 if place % 2 else -1} {1 if place % 4 == 1 else -1}" for place in range(number)]
    text = "\n".join([str(number), "Male Hat", *rows])
    return {"list_attr.txt": text.encode(), **{f"all/{place}.png": photo(start + place) for place in range(number)}}


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., Told]:
    """ingest(files, **plan fields) -> the events; the store is `lab` in the test's folder."""
    number = iter(range(10))

    def go(files: dict[str, bytes] | None, **changes: Any) -> Told:
        source = None if files is None else write(tmp_path / f"source{next(number)}", files)
        plan: dict[str, Any] = {
            "verb": "ingest",
            "source": source and str(source),
            "source_name": "",
            "out": str(tmp_path / "out"),
            "store": str(tmp_path / "lab"),
            "kind": None,
            "split_seed": 7,
            "split_fractions": [0.8, 0.1, 0.1],
            "limits": {},
        }
        events: Told = []
        run(IngestPlan(**{**plan, **changes}), lambda event: events.append(json.loads(json.dumps(event))))  # type: ignore[typeddict-item]
        return events

    return go


def rows(events: Told, outcome: str = "accepted") -> Told:
    told = [file for event in events if event["event"] == "ingest_files" for file in event["files"]]
    return [file for file in told if file["outcome"] == outcome]


def earlier_from(events: Told, folder: Path, **changes: Any) -> str:
    """The version as the next one's plan names it."""
    file = folder / "earlier.jsonl"
    fields = {"was": None, "excluded": False, **changes}
    file.write_text("".join(json.dumps({**row, **fields}) + "\n" for row in rows(events)))
    return str(file)


# --- pairs --------------------------------------------------------------------------------------------------------
def test_both_halves_of_a_pair_are_stored_as_they_are(ingest: Callable[..., Told], tmp_path: Path) -> None:
    files = pair_files()
    events = ingest(files)
    result, accepted = events[-1], rows(events)
    assert (result["kind"], result["recognised"]) == ("paired_images", "10 pairs: every name in A/ has one in B/.")
    assert [row["name"] for row in accepted] == [f"B/{place}.png" for place in range(10)]
    for row in accepted:
        half = files[row["pair_name"]]
        assert row["pair_name"] == row["name"].replace("B/", "A/")
        assert row["pair_size_bytes"] == len(half)
        store = tmp_path / "lab"
        stored = store / "objects" / row["pair_sha256"][:2] / f"{row['pair_sha256']}{row['pair_suffix']}"
        assert stored.read_bytes() == half
        assert len(list((store / "thumbnails" / row["pair_sha256"][:2]).glob(f"{row['pair_sha256']}.*"))) == 1
        assert row["pair_name"] in row["reason"]
    assert result["size_bytes"] == sum(map(len, files.values()))
    assert result["attributes"] == []


def test_the_thumbnail_of_a_label_map_shows_its_numbers_in_colours_and_never_blurs_them(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    numbers = np.kron(np.arange(12, dtype=np.uint8).reshape(3, 4), np.ones((200, 200), np.uint8))
    files = pair_files() | {"A/0.png": png(numbers)}
    row = next(row for row in rows(ingest(files)) if row["pair_name"] == "A/0.png")
    (thumbnail,) = (tmp_path / "lab" / "thumbnails" / row["pair_sha256"][:2]).glob(f"{row['pair_sha256']}.*")
    small = Image.open(thumbnail).convert("RGB")
    assert small.size == (256, 192)
    means = np.asarray(small, np.int16)[8:-8].reshape(176, 256, 3)
    centres = {tuple(means[24 + 64 * y, 32 + 64 * x] // 24) for y in range(3) for x in range(4) if 24 + 64 * y < 176}
    assert len(centres) >= 11, "as many colours as numbers, not the black that a grey map shows"


def test_a_pair_with_one_broken_half_fails_as_a_whole_and_names_the_half(ingest: Callable[..., Told]) -> None:
    files = pair_files() | {"A/3.png": b"no image at all", "B/4.png": photo(4)[:60]}
    failed = {row["name"]: row["reason"] for row in rows(ingest(files), "failed")}
    assert failed.keys() == {"B/3.png", "B/4.png"}
    assert failed["B/3.png"].startswith("Its other half, A/3.png, cannot be used. The content is no image")
    assert "other half" not in failed["B/4.png"]


def test_a_pair_is_a_duplicate_when_both_halves_are_the_same(ingest: Callable[..., Told]) -> None:
    files = pair_files()
    again = {"A/a.png": files["A/1.png"], "B/a.png": files["B/1.png"]}
    other_map = {"A/b.png": label_map(99), "B/b.png": files["B/2.png"]}
    events = ingest(files | again | other_map)
    assert [row["name"] for row in rows(events, "duplicate")] == ["B/a.png"]
    twins = [row for row in rows(events) if row["name"] in ("B/2.png", "B/b.png")]
    assert len(twins) == 2
    assert len({row["split"] for row in twins}) == 1, "the same photo never lies in two splits"
    assert {row["near"] for row in twins} == {min(row["index"] for row in twins)}


def test_two_halves_that_are_one_image_are_no_pair(ingest: Callable[..., Told]) -> None:
    files = pair_files()
    (row,) = rows(ingest(files | {"A/5.png": files["B/5.png"]}), "failed")
    assert "A/5.png, is the very same image" in row["reason"]


def test_the_content_hash_knows_other_halves(ingest: Callable[..., Told]) -> None:
    files = pair_files()
    renamed = {name.replace("/", "/x"): data for name, data in files.items()}
    hashes = [ingest(some)[-1]["content_hash"] for some in (files, renamed, files | {"A/1.png": label_map(77)})]
    assert hashes[0] == hashes[1] != hashes[2]


def test_files_of_both_halves_are_read_and_other_shapes_fail(ingest: Callable[..., Told]) -> None:
    files = {f"{place}.png": photo(place, 32, 16) for place in range(10)}
    events = ingest(files)
    assert events[-1]["kind"] == "paired_images"
    assert all(row["pair_sha256"] == row["sha256"] for row in rows(events))
    assert events[-1]["size_bytes"] == sum(map(len, files.values())), "one file counts once"
    (row,) = rows(ingest(files | {"odd.png": photo(50, 40, 16)}, kind="paired_images"), "failed")
    assert "40 x 16 pixels; a file that holds both halves of a pair must be twice as wide as high" in row["reason"]


def test_the_next_version_keeps_pairs_and_takes_no_pair_twice(ingest: Callable[..., Told], tmp_path: Path) -> None:
    first = ingest(pair_files(8))
    second = ingest(pair_files(10), earlier=earlier_from(first, tmp_path), kind="paired_images")
    assert len(rows(second, "duplicate")) == 8
    kept = {row["name"]: row["pair_sha256"] for row in rows(second)}
    assert len(kept) == 10
    assert kept.items() >= {row["name"]: row["pair_sha256"] for row in rows(first)}.items()


# --- attributes ---------------------------------------------------------------------------------------------------
def test_attributes_come_with_every_image_and_classes_stand_in_their_order(ingest: Callable[..., Told]) -> None:
    events = ingest(attribute_files())
    result = events[-1]
    assert (result["kind"], result["attributes"]) == ("attribute_images", ["Male", "Hat"])
    assert result["classes"] == ["Male", "Hat", "none"]
    assert list(result["counts"]["train"]) == ["Male", "Hat", "none"]
    assert {row["name"]: row["attributes"] for row in rows(events)}["all/1.png"] == "11"
    assert Counter(row["label"] for row in rows(events)) == {"none": 6, "Male": 3, "Hat": 3}


def test_the_content_hash_knows_attributes_and_their_names(ingest: Callable[..., Told]) -> None:
    files = attribute_files()
    text = files["list_attr.txt"]
    other = [text, text.replace(b"Hat", b"Cap"), text.replace(b"0.png -1 -1", b"0.png 1 -1")]
    hashes = {ingest(files | {"list_attr.txt": one})[-1]["content_hash"] for one in other}
    assert len(hashes) == 3


def test_the_next_version_knows_the_attributes_of_both_and_says_nothing_of_what_nobody_said(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    first = ingest(attribute_files())
    more = attribute_files(4, start=100)
    more["list_attr.txt"] = more["list_attr.txt"].replace(b"Male", b"Beard")
    plan = {"earlier": earlier_from(first, tmp_path), "attributes": ["Male", "Hat"], "kind": "attribute_images"}
    second = ingest(more, **plan)
    assert second[-1]["attributes"] == ["Male", "Hat", "Beard"]
    said = {row["attributes"][2 if "version before" in row["reason"] else 0] for row in rows(second)}
    assert said == {"?"}
    alone = ingest(None, **plan)
    assert alone[-1]["attributes"] == ["Male", "Hat"]
    assert alone[-1]["content_hash"] == first[-1]["content_hash"]


def test_more_attributes_than_can_be_read_are_refused_for_both_versions_together(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    first = ingest(attribute_files())
    with pytest.raises(BadDatasetError, match="name 66 attributes together; at most 64"):
        ingest(
            attribute_files(4),
            earlier=earlier_from(first, tmp_path),
            attributes=[f"a{place}" for place in range(64)],
            kind="attribute_images",
        )


# --- which kind ---------------------------------------------------------------------------------------------------
def test_the_most_specific_kind_is_taken_and_one_that_is_chosen_wins(ingest: Callable[..., Told]) -> None:
    pairs = pair_files()
    assert ingest(pairs)[-1]["kind"] == "paired_images"
    chosen = ingest(pairs, kind="labelled_images")[-1]
    assert (chosen["kind"], chosen["recognised"], chosen["classes"]) == ("labelled_images", "", ["A", "B"])
    domains = {f"train{name}": data for name, data in pairs.items()}
    assert ingest(domains)[-1]["kind"] == "image_domains"
    assert ingest(attribute_files() | pairs)[-1]["kind"] == "attribute_images"
    classes = {name.replace("A/", "cat/").replace("B/", "dog/"): data for name, data in pairs.items()}
    assert ingest(classes)[-1]["recognised"] == "2 classes, each a folder of images."
    flat = {name.replace("/", "-"): data for name, data in pairs.items()}
    assert ingest(flat)[-1]["kind"] == "images"


# --- from a folder to a run's plan --------------------------------------------------------------------------------
def test_a_folder_of_pairs_trains_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "set", pair_files())
    arguments = ["--model", "dcgan", "--set", "num_steps=1", "--set", "resolution=16", "--set", "batch_size=2"]
    assert command_line.main(["train", str(source), "--out", str(tmp_path / "run"), *arguments]) == 0
    assert "10 pairs: every name in A/ has one in B/" in capsys.readouterr().err
    records = list(read_all_records(tmp_path / "run" / "images.jsonl"))
    assert {record.split for record in records} == {"train", "val"}
    assert all(record.pair == Path(str(record.file).replace("/B/", "/A/")) for record in records)
    facts = json.loads((tmp_path / "run" / "data" / "pack.json").read_text())
    assert (facts["classes"], facts["source_channels"]) == (["pairs"], 3)


def test_a_folder_with_attributes_trains_from_the_command_line(tmp_path: Path) -> None:
    source = write(tmp_path / "set", attribute_files())
    arguments = ["--model", "dcgan", "--set", "num_steps=1", "--set", "resolution=16", "--set", "batch_size=2"]
    assert command_line.main(["train", str(source), "--out", str(tmp_path / "run"), "--quiet", *arguments]) == 0
    dataset = json.loads((tmp_path / "run" / "plan.json").read_text())["dataset"]
    assert dataset["attributes"] == ["Male", "Hat"]
    assert dataset["classes"] == ["Male", "Hat", "none"]
    facts = json.loads((tmp_path / "run" / "data" / "pack.json").read_text())
    assert facts["attributes"] == ["Male", "Hat"]


# --- real data ----------------------------------------------------------------------------------------------------
def test_camvid_is_pairs_of_a_photo_and_a_label_map(tmp_path: Path) -> None:
    source = real_data.folder("camvid")
    if source is None:
        pytest.skip("ATELIER_REAL_DATA names no folder with camvid")
    over: list[str] = []
    dataset = read_dataset(source, on_file=lambda row: over.append(row["name"]) if row["reason"] else None)
    assert dataset.kind == "paired_images"
    assert Counter(record.split for record in dataset.records) == {"train": 80, "val": 15, "test": 25}
    assert {"CamVid/train.txt", "CamVid/val.txt", "CamVid/test.txt"} <= set(over), "lists that name absent files"
    pack = write_pack(dataset.records[:20] + dataset.records[25:40], ["pairs"], tmp_path / "pack", 32)
    assert pack.source is not None
    assert (pack.channels, pack.source.shape[-1]) == (3, 3)
    colours = np.unique(pack.source.reshape(-1, 3), axis=0)
    assert len(colours) <= 12, "a label map is never blurred"


def test_fairface_has_attributes_of_which_an_image_has_several() -> None:
    source = real_data.folder("fairface540")
    if source is None:
        pytest.skip("ATELIER_REAL_DATA names no folder with fairface540")
    dataset = read_dataset(source)
    assert dataset.kind == "attribute_images"
    assert (len(dataset.records), len(dataset.attributes)) == (540, 10)
    assert dataset.attributes[0] == "Male"
    assert max(record.attributes.count("1") for record in dataset.records) == 2
    counts = Counter(record.label for record in dataset.records)
    assert set(counts) == set(dataset.attributes), "Male, which every image has beside an age, took some of theirs"
    assert max(counts.values()) - min(counts.values()) <= 1

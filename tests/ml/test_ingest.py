"""From a source to a dataset version: what is stored, what is told, what is the same every time."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.assembly import Accepted, with_issues
from ml.errors import BadArchiveError, BadDatasetError, BadSettingsError, MlError
from ml.ingest import read_folder, run
from ml.object_store import ObjectStore
from ml.plans import IngestPlan
from tests.ml.zip_builder import Piece, build

Told = list[dict[str, Any]]


def picture(seed: int, kind: str = "PNG", size: int = 12) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def two_classes(per_class: int = 10) -> dict[str, bytes]:
    return {
        f"{label}/{number:03d}.png": picture(1000 * place + number)
        for place, label in enumerate(("cat", "dog"))
        for number in range(per_class)
    }


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., Told]:
    """ingest(source, **plan fields) -> the events; the store is `lab` in the test's folder."""

    def go(source: Path | None, **changes: Any) -> Told:
        plan: dict[str, Any] = {
            "verb": "ingest",
            "source": str(source) if source else None,
            "source_name": source.name if source else "",
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


def rows(events: Told, outcome: str | None = None) -> Told:
    told = [file for event in events if event["event"] == "ingest_files" for file in event["files"]]
    return [file for file in told if outcome in (None, file["outcome"])]


# --- what is accepted ---------------------------------------------------------------------------------------------
def test_good_images_are_stored_under_their_hash_as_they_are(ingest: Callable[..., Told], tmp_path: Path) -> None:
    files = two_classes()
    events = ingest(write(tmp_path / "set", files))
    accepted = rows(events, "accepted")
    assert [row["index"] for row in accepted] == list(range(20))
    assert [row["name"] for row in accepted] == sorted(files)
    for row in accepted:
        data = files[row["name"]]
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        stored = tmp_path / "lab" / "objects" / row["sha256"][:2] / f"{row['sha256']}{row['suffix']}"
        assert stored.read_bytes() == data
        (thumbnail,) = (tmp_path / "lab" / "thumbnails" / row["sha256"][:2]).glob(f"{row['sha256']}.*")
        small = Image.open(thumbnail)
        assert (small.format, small.size) == ("WEBP", (12, 12))
        assert (row["width"], row["height"], row["is_grey"], row["size_bytes"]) == (12, 12, False, len(data))
    result = events[-1]
    assert result["classes"] == ["cat", "dog"]
    assert result["counts"] == {split: {"cat": n, "dog": n} for split, n in (("train", 8), ("val", 1), ("test", 1))}
    assert (result["num_images"], result["size_bytes"]) == (20, sum(map(len, files.values())))


def test_the_events_come_in_the_order_that_a_worker_needs(ingest: Callable[..., Told], tmp_path: Path) -> None:
    events = ingest(write(tmp_path / "set", two_classes(150) | {"notes.txt": b"x"}))
    kinds = [event["event"] for event in events]
    assert kinds[-1] == "result"
    assert kinds.count("result") == 1
    progress = [event for event in events if event["event"] == "progress"]
    assert (progress[0]["current"], progress[-1]["current"], progress[-1]["max"]) == (0, 300, 300)
    assert [event["current"] for event in progress] == sorted(event["current"] for event in progress)
    assert all(len(event["files"]) <= 200 for event in events if event["event"] == "ingest_files")
    assert [row["outcome"] for row in rows(events)] == ["skipped"] + ["accepted"] * 300


def test_a_zip_and_a_folder_with_the_same_files_are_the_same_version(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    files = two_classes()
    from_folder = ingest(write(tmp_path / "set", files), kind="labelled_images")
    from_zip = ingest(write_zip(tmp_path / "set.zip", dict(reversed(files.items()))), kind=None)
    assert rows(from_folder) == rows(from_zip)
    assert from_folder[-1] | {"recognised": from_zip[-1]["recognised"]} == from_zip[-1]


def test_file_names_do_not_change_the_content_hash_and_labels_do(ingest: Callable[..., Told], tmp_path: Path) -> None:
    files = two_classes()
    renamed = {name.replace("0", "x"): data for name, data in files.items()}
    relabelled = {name.replace("dog", "hen"): data for name, data in files.items()}
    first, second, third = (
        ingest(write(tmp_path / f"set{number}", some))[-1]["content_hash"]
        for number, some in enumerate((files, renamed, relabelled))
    )
    assert first == second != third


def test_splits_of_the_source_are_kept_and_the_seed_draws_the_missing_ones(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    files = {
        f"{split}/cat/{split}{number}.png": picture(100 * len(split) + number)
        for split in ("train", "test")
        for number in range(20)
    }
    events = ingest(write(tmp_path / "set", files))
    assert all(row["split"] == "test" for row in rows(events) if row["name"].startswith("test/"))
    assert events[-1]["counts"] == {"train": {"cat": 18}, "val": {"cat": 2}, "test": {"cat": 20}}
    drawn = {
        seed: {row["name"] for row in rows(ingest(tmp_path / "set", split_seed=seed)) if row["split"] == "val"}
        for seed in (1, 2)
    }
    assert drawn[1] != drawn[2]


def test_a_second_version_shares_the_stored_bytes_and_repairs_torn_ones(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    source = write(tmp_path / "set", two_classes())
    first = rows(ingest(source), "accepted")
    stored = sorted(path for path in (tmp_path / "lab" / "objects").rglob("*") if path.is_file())
    times = {path: path.stat().st_mtime_ns for path in stored[1:]}
    stored[0].write_bytes(b"")
    assert rows(ingest(source), "accepted") == first
    assert {path: path.stat().st_mtime_ns for path in stored[1:]} == times
    assert hashlib.sha256(stored[0].read_bytes()).hexdigest() == stored[0].stem


# --- what is not --------------------------------------------------------------------------------------------------
def test_bad_files_are_told_one_by_one_and_the_rest_goes_on(ingest: Callable[..., Told], tmp_path: Path) -> None:
    files = two_classes()
    bad = {
        "cat/cut.png": picture(1)[:200],
        "cat/empty.png": b"",
        "dog/page.png": b"<!DOCTYPE html>",
        "dog/tiny.png": picture(5, size=4),
        "readme.txt": b"hello",
        "dog/._001.png": b"x",
        "lost.png": picture(77),
    }
    events = ingest(write(tmp_path / "set", files | bad))
    assert Counter(row["outcome"] for row in rows(events)) == {"accepted": 20, "failed": 4, "skipped": 3}
    told = {row["name"]: row["reason"] for row in rows(events) if row["outcome"] != "accepted"}
    assert set(told) == set(bad)
    assert all(reason.endswith(".") for reason in told.values())
    assert events[-1]["num_images"] == 20


def test_of_equal_images_the_held_out_one_is_kept(ingest: Callable[..., Told], tmp_path: Path) -> None:
    same, others = picture(1), {f"train/cat/{number}.png": picture(10 + number) for number in range(6)}
    files = {"train/cat/a.png": same, "test/cat/b.png": same, "train/dog/c.png": same, "test/cat/d.png": picture(2)}
    events = ingest(write(tmp_path / "set", files | others | {"train/dog/e.png": picture(3)}))
    duplicates = {row["name"]: row["reason"] for row in rows(events, "duplicate")}
    assert duplicates == {
        "train/cat/a.png": "The same image as test/cat/b.png.",
        "train/dog/c.png": "The same image as test/cat/b.png, which is labelled cat.",
    }
    assert "test/cat/b.png" in {row["name"] for row in rows(events, "accepted")}


def shapes(seed: int, kind: str = "PNG", side: int = 48) -> bytes:
    """Soft shapes, which a JPEG keeps."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(small).resize((48, 48), Image.Resampling.BICUBIC).resize((side, side)).save(buffer, kind)
    return buffer.getvalue()


def test_near_duplicates_lie_in_one_split_and_are_told(ingest: Callable[..., Told], tmp_path: Path) -> None:
    files = {f"cat/{number:02d}.png": shapes(number) for number in range(20)}
    copies = {f"cat/{number:02d}-again.jpg": shapes(number, "JPEG") for number in range(0, 20, 2)}
    for seed in range(3):
        events = ingest(write(tmp_path / "set", files | copies), split_seed=seed)
        accepted = {row["name"]: row for row in rows(events, "accepted")}
        assert len(accepted) == 30
        for name in copies:
            twin = accepted[name.replace("-again.jpg", ".png")]
            assert accepted[name]["split"] == twin["split"]
            assert accepted[name]["near"] == twin["near"] == min(accepted[name]["index"], twin["index"])
            noted = accepted[name]["reason"] + twin["reason"]
            assert noted.startswith("Nearly the same picture as cat/")
        assert events[-1]["near_duplicates"] == {"groups": 10, "images": 20, "left_out": 0}


def test_an_image_that_stands_out_is_told_with_its_look(ingest: Callable[..., Told], tmp_path: Path) -> None:
    night = Image.open(io.BytesIO(shapes(50))).point(lambda level: level * 0.2)
    buffer = io.BytesIO()
    night.save(buffer, "PNG")
    files = {f"cat/{number:02d}.png": shapes(number) for number in range(20)}
    events = ingest(write(tmp_path / "set", files | {"cat/night.png": buffer.getvalue()}))
    told = {row["name"]: row for row in rows(events, "accepted")}
    assert "dark" in told["cat/night.png"]["issues"]
    assert told["cat/night.png"]["look"]["lightest"] < 60 < told["cat/00.png"]["look"]["lightest"]
    assert [name for name in files if "dark" in told[name]["issues"]] == []
    health = events[-1]["health"]
    assert (health["measured"], health["issues"]["dark"], health["leaks"]) == (21, 1, 0)
    assert "blurry" in health["usual"]  # these shapes are smooth, so that is how the dataset is


def test_a_leak_would_be_counted() -> None:
    def image(number: int, near: int | None) -> Accepted:
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        return Accepted(f"{number}", "cat", None, sha256, ".png", 9, 9, False, 9, b"", None, near=near)

    splits = ("train", "test", "train", "val", "val", "test")
    images = [image(number, near) for number, near in enumerate((0, 0, None, 3, 3, None))]
    assert with_issues(list(zip(images, splits, strict=True)))[1]["leaks"] == 2
    same = [(image(7, None), "train"), (image(7, None), "test")]
    assert with_issues(same)[1]["leaks"] == 2


def test_a_near_duplicate_of_a_held_out_image_is_not_learnt_from(ingest: Callable[..., Told], tmp_path: Path) -> None:
    files = {f"train/cat/{number}.png": shapes(number) for number in range(6)}
    files |= {"test/cat/0.jpg": shapes(0, "JPEG"), "val/cat/1.png": shapes(1, "PNG", 40), "test/cat/9.png": shapes(9)}
    events = ingest(write(tmp_path / "set", files))
    left_out = {row["name"]: row["reason"] for row in rows(events, "duplicate")}
    assert set(left_out) == {"train/cat/0.png", "train/cat/1.png"}
    assert left_out["train/cat/0.png"] == (
        "Nearly the same picture as test/cat/0.jpg in test; left out of train, so that nothing held out is also learnt "
        "from."
    )
    assert events[-1]["near_duplicates"] == {"groups": 0, "images": 0, "left_out": 2}
    assert events[-1]["counts"] == {"train": {"cat": 4}, "val": {"cat": 1}, "test": {"cat": 2}}


# --- from the version before --------------------------------------------------------------------------------------
def as_earlier(events: Told, file: Path, **changes: dict[str, Any]) -> str:
    """The accepted rows as a plan hands them on, with changes by name."""
    given = ("name", "label", "split", "sha256", "suffix", "width", "height", "is_grey", "size_bytes", "fingerprint")
    kept, lines = (*given, "look"), []
    for row in rows(events, "accepted"):
        image = {key: row[key] for key in kept} | {"was": None, "excluded": False} | changes.get(row["name"], {})
        lines.append(json.dumps(image))
    file.write_text("\n".join(lines))
    return str(file)


def test_a_next_version_keeps_splits_and_reads_only_what_is_added(ingest: Callable[..., Told], tmp_path: Path) -> None:
    first = ingest(write(tmp_path / "set", {f"cat/{n:02d}.png": shapes(n) for n in range(20)}))
    added = {"cat/00.png": shapes(0), "cat/01-again.jpg": shapes(1, "JPEG"), "dog/x.png": shapes(50)}
    changes = {"cat/05.png": {"excluded": True}, "cat/06.png": {"label": "dog", "was": "cat"}}
    earlier = as_earlier(first, tmp_path / "earlier.jsonl", **changes)
    events = ingest(write(tmp_path / "more", added), earlier=earlier, split_seed=99)
    accepted = {row["name"]: row for row in rows(events, "accepted")}
    before = {row["name"]: row for row in rows(first, "accepted")}
    assert set(accepted) == set(before) - {"cat/05.png"} | {"cat/01-again.jpg", "dog/x.png"}
    assert all(accepted[name]["split"] == before[name]["split"] for name in before if name in accepted)
    assert accepted["cat/01-again.jpg"]["split"] == before["cat/01.png"]["split"]
    assert accepted["cat/06.png"]["label"] == "dog"
    assert accepted["cat/06.png"]["reason"] == "Taken over from the version before. Relabelled, before cat."
    assert [(row["name"], row["reason"]) for row in rows(events) if row["outcome"] != "accepted"] == [
        ("cat/05.png", "Excluded from the version before."),
        ("cat/00.png", "The same image as cat/00.png."),
    ]


def test_a_next_version_without_a_source_reads_nothing(ingest: Callable[..., Told], tmp_path: Path) -> None:
    first = ingest(write(tmp_path / "set", two_classes()))
    shutil.rmtree(tmp_path / "set")
    earlier = as_earlier(first, tmp_path / "earlier.jsonl")
    same = ingest(None, earlier=earlier)
    assert same[-1] == first[-1] | {"kind": "", "recognised": ""}
    redrawn = ingest(None, earlier=earlier, resplit=True, split_seed=8)
    assert redrawn[-1]["counts"] == first[-1]["counts"]
    assert redrawn[-1]["content_hash"] != first[-1]["content_hash"]


def test_equal_bad_images_all_get_the_reason(ingest: Callable[..., Told], tmp_path: Path) -> None:
    bad = picture(1)[:200]
    names = ["cat/x1.png", "cat/x2.png", "cat/x3.png"]
    events = ingest(write(tmp_path / "set", two_classes() | dict.fromkeys(names, bad)))
    failed = rows(events, "failed")
    assert [row["name"] for row in failed] == names
    assert len({row["reason"] for row in failed}) == 1


def test_a_class_without_training_images_is_left_out(ingest: Callable[..., Told], tmp_path: Path) -> None:
    files = {f"train/cat/{number}.png": picture(number) for number in range(6)}
    files |= {"test/cat/t.png": picture(50), "test/unknown/u.png": picture(51)}
    events = ingest(write(tmp_path / "set", files))
    [lost] = rows(events, "skipped")
    assert (lost["name"], "has no image in the training split" in lost["reason"]) == ("test/unknown/u.png", True)
    assert events[-1]["classes"] == ["cat"]


def test_a_source_without_a_usable_image_is_refused_after_its_report(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    source = write(tmp_path / "set", {"cat/a.png": b"no", "cat/b.png": b""})
    events: Told = []
    with pytest.raises(BadDatasetError, match="None of the source's images can be used"):
        run(
            IngestPlan(
                verb="ingest",
                source=str(source),
                source_name="",
                out=str(tmp_path / "out"),
                kind=None,
                split_seed=0,
                store=str(tmp_path / "lab"),
                split_fractions=[0.8, 0.1, 0.1],
                limits={},
            ),
            lambda event: events.append(dict(event)),
        )
    assert [row["outcome"] for row in rows(events)] == ["failed", "failed"]


def test_nasty_names_become_labels_and_nothing_else(ingest: Callable[..., Told], tmp_path: Path) -> None:
    labels = ["__proto__", "<img src=x onerror=alert(1)>", "=cmd|' 'C'!A0", "%2e%2e", "\u202efdp", "😀" * 50, "-rf"]
    pieces = [Piece(f"{label}/a.png".encode(), picture(number)) for number, label in enumerate(labels)]
    evil = [Piece(b"../../evil.png", picture(90)), Piece(b"cat/..\\..\\evil.png", picture(91))]
    source = tmp_path / "nasty.zip"
    source.write_bytes(build(*pieces, *evil))
    before = {path for path in tmp_path.parent.rglob("*evil*")}
    events = ingest(source)
    assert events[-1]["classes"] == sorted(labels)
    assert Counter(row["outcome"] for row in rows(events)) == {"accepted": len(labels), "skipped": 2}
    assert {path for path in tmp_path.parent.rglob("*evil*")} == before
    written = [path.name for path in (tmp_path / "lab").rglob("*") if path.is_file()]
    assert len(written) == 2 * len(labels)
    assert all(len(Path(name).stem) == 64 for name in written)


def test_limits_of_the_plan_hold(ingest: Callable[..., Told], tmp_path: Path) -> None:
    source = write_zip(tmp_path / "set.zip", two_classes())
    with pytest.raises(BadArchiveError, match="at most 19"):
        ingest(source, limits={"max_members": 19})
    with pytest.raises(BadDatasetError):
        ingest(source, limits={"formats": ["JPEG"], "min_side": 10})
    with pytest.raises(BadSettingsError, match="no limits called max_cats"):
        ingest(source, limits={"max_cats": 1})


def test_nothing_is_left_in_the_staging_folder(ingest: Callable[..., Told], tmp_path: Path) -> None:
    ingest(write(tmp_path / "set", two_classes()))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_store_that_cannot_be_written_is_no_silent_loss(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "lab", tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(FileNotFoundError):
        store.put_image("ab" * 32, ".png", b"x")
    assert not [path for path in (tmp_path / "lab").rglob("*") if path.is_file()]


# --- the command line ---------------------------------------------------------------------------------------------
def test_a_folder_read_in_place_gives_what_an_ingest_gives(ingest: Callable[..., Told], tmp_path: Path) -> None:
    source = write(tmp_path / "set", two_classes() | {"cat/bad.png": b"x"})
    told: Told = []
    records = read_folder(source, split_seed=7, on_file=lambda row: told.append(dict(row)))
    events = ingest(source)
    assert sorted(told, key=str) == sorted(rows(events), key=str)
    for record, row in zip(records, rows(events, "accepted"), strict=True):
        assert (record.index, record.label, record.split) == (row["index"], row["label"], row["split"])
        assert record.file == source / row["name"]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadDatasetError, match="There is no folder"):
        read_folder(tmp_path / "nowhere")


def test_ingest_and_export_load_no_torch() -> None:
    code = "import sys, ml.ingest, ml.export; print(*{'torch', 'scipy', 'sklearn'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []


# --- published data -----------------------------------------------------------------------------------------------
real_data = pytest.mark.skipif(not os.environ.get("ATELIER_REAL_DATA"), reason="ATELIER_REAL_DATA names no data folder")


@pytest.mark.real_data
@real_data
def test_dirty_images_are_accepted_or_told_and_the_pack_can_open_every_accepted_one(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    from ml.images import open_image

    events = ingest(Path(os.environ["ATELIER_REAL_DATA"]) / "dirty-images")
    outcomes = Counter(row["outcome"] for row in rows(events))
    assert outcomes["accepted"] > 50
    assert outcomes["failed"] + outcomes["skipped"] > 20
    assert all(row["reason"].endswith(".") for row in rows(events) if row["outcome"] != "accepted")
    for row in rows(events, "accepted"):
        stored = tmp_path / "lab" / "objects" / row["sha256"][:2] / f"{row['sha256']}{row['suffix']}"
        assert open_image(stored).size == (row["width"], row["height"])


@pytest.mark.real_data
@real_data
def test_every_published_archive_ends_as_a_version_or_as_one_sentence(
    ingest: Callable[..., Told], tmp_path: Path
) -> None:
    ends: Counter[str] = Counter()
    root = Path(os.environ["ATELIER_REAL_DATA"]) / "zip-cases"
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        try:
            ends[ingest(path)[-1]["event"]] += 1
        except MlError as error:
            assert error.message.endswith("."), path  # noqa: PT017 - either end is right
            ends[error.code] += 1
    assert ends["result"] >= 2
    assert ends["bad_archive"] >= 20
    assert ends["bad_dataset"] >= 20

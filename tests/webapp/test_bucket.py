"""The bucket, as a real S3 server: what is put comes back on another machine, whatever happens to the line between."""

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from tests.object_store import BUCKET, Line, client_of
from webapp.core import bucket, storage
from webapp.core.bucket import BucketError, BucketRefusedError
from webapp.core.shift import check_bucket

LARGE = 2 * bucket.PART_BYTES + 12_345


def plant(name: str, size: int = 1000) -> Path:
    path = storage.data_folder() / "runs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def there(file: Path) -> Any:
    """Where and how the server itself has it."""
    return {"Bucket": BUCKET, "Key": bucket.key_of(file)}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried twice."""
    monkeypatch.setattr(bucket, "TRIES", 1)


# --- there and back -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [0, 1000, LARGE])
def test_what_is_put_comes_back_on_another_machine(line: Line, settings: Any, tmp_path: Path, size: int) -> None:
    data = (file := plant("one/file.bin", size)).read_bytes()
    bucket.push(file)
    settings.DATA_DIR = tmp_path
    copy = tmp_path / "runs" / "one" / "file.bin"
    assert bucket.pull(copy)
    assert copy.read_bytes() == data
    assert [path.name for path in copy.parent.iterdir()] == ["file.bin"]
    assert bucket.facts_of(copy) == (size, hashlib.sha256(data).hexdigest())


def test_a_folder_goes_and_comes_with_everything_in_it_but_what_is_half_written(
    line: Line, settings: Any, tmp_path: Path
) -> None:
    for name in ("one/pool/a.npy", "one/pool/deep/b.npy", "one/pool/.c.npy.part", "one/other.bin"):
        plant(name)
    bucket.push(storage.data_folder() / "runs" / "one" / "pool")
    settings.DATA_DIR = tmp_path
    bucket.pull_tree(tmp_path / "runs" / "one")
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert found == ["runs/one/pool/a.npy", "runs/one/pool/deep/b.npy"]


@pytest.mark.parametrize("size", [1000, LARGE])
def test_what_is_there_is_not_put_again_and_a_copy_that_is_here_is_not_fetched(line: Line, size: int) -> None:
    bucket.push(file := plant("one/file.bin", size))
    at = client_of(line.endpoint).head_object(**there(file))["LastModified"]
    line.sent.clear()
    bucket.push(file)
    assert bucket.pull(file)
    assert {method for method, _ in line.sent} <= {"PUT", "HEAD"}
    assert len(line.sent) <= 2, "asked, or refused by the server: never sent in parts again"
    assert client_of(line.endpoint).head_object(**there(file))["LastModified"] == at


def test_what_is_not_there_is_said_to_be_missing(line: Line) -> None:
    absent = storage.data_folder() / "runs" / "none" / "file.bin"
    assert (bucket.pull(absent), bucket.has(absent), bucket.facts_of(absent)) == (False, False, None)
    assert bucket.pull_all([absent]) == [absent]
    assert not absent.parent.exists()


def test_many_go_at_once_and_nobody_has_to_want_the_rest(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "AT_ONCE", 5)
    files = [plant(f"many/{number}.bin") for number in range(12)]
    asked: list[int] = []

    def stop() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        bucket.push_all(files, stop)
    assert len(list(bucket.below(files[0].parent))) == 5


def test_what_is_removed_is_gone_and_its_neighbours_stay(line: Line) -> None:
    one, two, three = plant("one/a.bin"), plant("one/b.bin"), plant("one-more/c.bin")
    bucket.push_all([one, two, three])
    storage.remove_file(one)
    assert (bucket.has(one), bucket.has(two)) == (False, True)
    storage.remove_tree(two.parent)
    assert (bucket.has(two.parent), two.exists(), bucket.has(three)) == (False, False, True)
    assert bucket.folders_of(storage.data_folder() / "runs") == [three.parent]


def test_a_copy_in_the_bucket_keeps_its_hash(line: Line) -> None:
    bucket.push(file := plant("one/step.bin"))
    bucket.copy(file, target := storage.data_folder() / "runs" / "two" / "step.bin")
    assert bucket.facts_of(target) == bucket.facts_of(file)
    assert bucket.pull(target)
    assert target.read_bytes() == file.read_bytes()


# --- faults ---------------------------------------------------------------------------------------------------------
def test_a_store_that_is_busy_is_asked_again(line: Line, settings: Any, tmp_path: Path) -> None:
    data = (file := plant("one/file.bin")).read_bytes()
    line.faults = [503, 500]
    bucket.push(file)
    settings.DATA_DIR = tmp_path
    line.faults = [503]
    assert bucket.pull(copy := tmp_path / "runs" / "one" / "file.bin")
    assert copy.read_bytes() == data


@pytest.mark.usefixtures("impatient")
def test_a_store_that_does_not_answer_is_said_and_what_is_here_stays(line: Line) -> None:
    file = plant("one/file.bin")
    line.faults = [503]
    with pytest.raises(BucketError, match="did not take a request"):
        bucket.push(file)
    line.end()
    with pytest.raises(BucketError, match="does not answer") as told:
        bucket.push(file)
    assert not isinstance(told.value, BucketRefusedError)
    assert (told.value.status, file.stat().st_size) == (503, 1000)
    with pytest.raises(BucketError, match="does not answer"):
        bucket.pull(file.with_name("other.bin"))
    storage.remove_tree(file.parent)
    assert not file.exists(), "what is removed here is swept there later"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("size", [1000, LARGE])
def test_keys_that_are_refused_are_a_fault_of_the_configuration(line: Line, size: int) -> None:
    file = plant("one/file.bin", size)
    line.faults = [403, 403]
    with pytest.raises(BucketRefusedError, match=r"refused the keys .*AWS_ACCESS_KEY_ID"):
        bucket.push(file)
    line.faults = [403]
    with pytest.raises(BucketRefusedError, match="refused the keys"):
        bucket.check()


def test_a_bucket_that_is_not_there_is_a_fault_of_the_configuration(line: Line, settings: Any) -> None:
    bucket.check()
    settings.S3_BUCKET = "another"
    for act in (bucket.check, lambda: bucket.push(plant("one/file.bin"))):
        with pytest.raises(BucketRefusedError, match="does not exist; create it, or correct S3_BUCKET"):
            act()


def test_without_keys_it_is_said_which(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(BucketRefusedError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        bucket.check()


@pytest.mark.usefixtures("impatient")
def test_a_part_of_the_service_starts_without_the_store_and_not_with_a_wrong_one(
    line: Line, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    check_bucket()
    assert capsys.readouterr().out == ""
    settings.S3_BUCKET = "another"
    with pytest.raises(CommandError, match="does not exist"):
        check_bucket()
    line.end()
    check_bucket()
    assert "Note: The bucket another" in capsys.readouterr().out


@pytest.mark.parametrize("size", [1000, LARGE])
def test_a_line_that_breaks_in_the_middle_of_a_part_costs_that_part_only(
    line: Line, settings: Any, tmp_path: Path, size: int
) -> None:
    data = (file := plant("one/file.bin", size)).read_bytes()
    line.faults = ["reset"] if size < bucket.PART_BYTES else ["pass", "pass", "reset"]
    bucket.push(file)
    assert not line.faults
    settings.DATA_DIR = tmp_path
    line.faults = ["cut"]
    assert bucket.pull(copy := tmp_path / "runs" / "one" / "file.bin")
    assert copy.read_bytes() == data
    assert [path.name for path in copy.parent.iterdir()] == ["file.bin"]


def test_other_bytes_than_were_put_are_never_taken(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "PAUSE_S", 0.001)
    bucket.push(file := plant("one/file.bin"))
    file.unlink()
    metadata = client_of(line.endpoint).head_object(**there(file))["Metadata"]
    client_of(line.endpoint).put_object(**there(file), Body=b"other", Metadata=metadata)
    with pytest.raises(BucketError, match="cannot be fetched from the bucket whole"):
        bucket.pull(file)
    assert list(file.parent.iterdir()) == []


def test_parts_of_a_sender_that_vanished_are_forgotten(line: Line) -> None:
    client, left = client_of(line.endpoint), there(plant("one/file.bin"))
    client.create_multipart_upload(**left)
    assert bucket.abort_broken_off(timedelta(hours=24)) == 1, "this server says of all that they began in 2010"
    assert client.list_multipart_uploads(Bucket=BUCKET, Prefix=left["Key"]).get("Uploads", []) == []


def test_without_a_bucket_nothing_is_asked_of_any(settings: Any, data_folder: Path) -> None:
    settings.S3_ENDPOINT = "http://127.0.0.1:1"
    bucket.push(file := plant("one/file.bin"))
    bucket.check()
    bucket.copy(file, file.with_name("copy.bin"))
    assert (bucket.pull(file), bucket.pull(file.with_name("no.bin")), bucket.pull_all([file])) == (True, False, [])
    assert not bucket.has(file)
    storage.remove_tree(file.parent)
    assert not file.exists()

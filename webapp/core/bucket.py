"""The S3-compatible bucket where finished files live when machines share no folder, each under its path in the data
folder; the data folder of a machine is then a working copy. Without S3_BUCKET nothing here does anything.

    push before the row that names a file is committed: what a row names is in the bucket
    pull before a file is read: a copy that is there is taken as it is, another one is fetched and its hash compared

Every key is written once: it holds a content's hash, or the fence of the attempt that alone writes there.
"""

import hashlib
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from webapp.core.errors import UnavailableError

log = logging.getLogger(__name__)

THREADS: Final = 16
"""Files on their way at once, where there are many."""
AT_ONCE: Final = 500
DELETE_AT_ONCE: Final = 1000
PART_BYTES: Final = 8 * 2**20
"""Larger files travel in parts."""
PIECE_BYTES: Final = 2**20
TRIES: Final = 5
PAUSE_S: Final = 0.2
MISSING: Final = {"404", "NoSuchKey", "NotFound"}
REFUSED: Final = {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled"}
NO_BUCKET: Final = {"NoSuchBucket"}
THERE: Final = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}
UNKNOWN_CONDITION: Final = {"501", "NotImplemented"}
GoOn = Callable[[], None]
"""Called between files; raises when nobody wants the rest."""


class BucketError(UnavailableError):
    """The bucket does not answer, or not with what was put there; trying again later may help."""

    code = "bucket_unreachable"


class BucketRefusedError(BucketError):
    """The bucket is not there, or the keys are not allowed to use it: somebody has to change the configuration."""

    code = "bucket_refused"


@dataclass(frozen=True)
class Kept:
    """One file in the bucket. path: where its copy lies; changed_at: seconds of the epoch."""

    path: Path
    size_bytes: int
    changed_at: float


def is_on() -> bool:
    """Whether there is a bucket."""
    return bool(settings.S3_BUCKET)


def check() -> None:
    """That the bucket is there and may be used. Raises: BucketRefusedError, BucketError."""
    if is_on():
        with _told():
            _client().list_objects_v2(Bucket=settings.S3_BUCKET, Prefix=_prefix(), MaxKeys=1)


# --- putting --------------------------------------------------------------------------------------------------------
def push(path: Path) -> None:
    """Put a file, or every file of a folder, into the bucket; what is there already stays.

    Raises: BucketError; FileNotFoundError.
    """
    if is_on():
        push_all(_files_of(path) if path.is_dir() else [path])


def push_all(files: Iterable[Path], go_on: GoOn = lambda: None) -> None:
    """Put them, several at a time. Raises: BucketError; FileNotFoundError; what `go_on` raises."""
    if is_on():
        _each(_push_one, files, go_on)


def copy(source: Path, target: Path) -> None:
    """A second key for what is in the bucket, without it passing through this machine. Raises: BucketError."""
    if not is_on():
        return
    with _told():
        facts = _client().head_object(Bucket=settings.S3_BUCKET, Key=key_of(source))
        more = {"Metadata": facts["Metadata"], "MetadataDirective": "REPLACE"}
        _client().copy({"Bucket": settings.S3_BUCKET, "Key": key_of(source)}, settings.S3_BUCKET, key_of(target), more)


def _push_one(file: Path) -> None:
    size, key = file.stat().st_size, key_of(file)
    with _told():
        if size > PART_BYTES:
            sha256 = _sha256(file)
            if not _holds(key, sha256):
                _client().upload_file(str(file), settings.S3_BUCKET, key, {"Metadata": {"sha256": sha256}})
            return
        data = file.read_bytes()
        _put(key, data, hashlib.sha256(data).hexdigest())


def _put(key: str, data: bytes, sha256: str) -> None:
    from botocore.exceptions import ClientError

    values = {"Bucket": settings.S3_BUCKET, "Key": key, "Body": data, "Metadata": {"sha256": sha256}}
    try:
        _client().put_object(IfNoneMatch="*", **values)
    except ClientError as error:
        if _code_of(error) in THERE and _holds(key, sha256):
            return
        if _code_of(error) not in THERE | UNKNOWN_CONDITION:  # a store may not know the condition
            raise
        _client().put_object(**values)


def _holds(key: str, sha256: str) -> bool:
    facts = _facts(key)
    return facts is not None and facts[1] == sha256


def _facts(key: str) -> tuple[int, str] | None:
    from botocore.exceptions import ClientError

    try:
        found = _client().head_object(Bucket=settings.S3_BUCKET, Key=key)
    except ClientError as error:
        if _code_of(error) in MISSING:
            return None
        raise
    return int(found["ContentLength"]), str(found["Metadata"].get("sha256", ""))


# --- getting --------------------------------------------------------------------------------------------------------
def pull(file: Path, anew: bool = False) -> bool:
    """Whether the file is on this machine, after it was fetched if need be.

    anew: also when there is a copy, whose content is not what it should be. Raises: BucketError.
    """
    if not is_on() or (file.exists() and not anew):
        return file.exists()
    with _told():
        return _pull_one(file)


def pull_all(files: Iterable[Path], go_on: GoOn = lambda: None) -> list[Path]:
    """Fetch those that are not on this machine, several at a time; answers those that are not in the bucket either.

    Raises: BucketError; what `go_on` raises.
    """
    if not is_on():
        return []
    absent: list[Path] = []

    def fetch(file: Path) -> None:
        if not pull(file):
            absent.append(file)

    _each(fetch, (file for file in files if not file.exists()), go_on)
    return absent


def pull_tree(path: Path, go_on: GoOn = lambda: None) -> None:
    """Fetch a file, or what a folder lacks. Raises: BucketError; what `go_on` raises."""
    if is_on() and not path.is_file():
        pull_all([kept.path for kept in below(path)] or [path], go_on)


def has(path: Path) -> bool:
    """Whether the bucket holds the file, or a file below the folder. Raises: BucketError."""
    return is_on() and (facts_of(path) is not None or next(below(path), None) is not None)


def facts_of(file: Path) -> tuple[int, str] | None:
    """Bytes of the file in the bucket and the hash that it was put with; None when it is not there.

    Raises: BucketError.
    """
    with _told():
        return _facts(key_of(file))


def below(folder: Path) -> Iterator[Kept]:
    """The files that the bucket holds below the folder, by their keys. Raises: BucketError."""
    pages = _client().get_paginator("list_objects_v2")
    cut = len(_prefix())
    with _told():
        for page in pages.paginate(Bucket=settings.S3_BUCKET, Prefix=key_of(folder) + "/"):
            for found in page.get("Contents", ()):
                path = settings.DATA_DIR / found["Key"][cut:]
                yield Kept(path, found["Size"], found["LastModified"].timestamp())


def folders_of(folder: Path) -> list[Path]:
    """The folders directly below. Raises: BucketError."""
    pages = _client().get_paginator("list_objects_v2")
    cut = len(_prefix())
    with _told():
        found = pages.paginate(Bucket=settings.S3_BUCKET, Prefix=key_of(folder) + "/", Delimiter="/")
        names = [part["Prefix"][cut:] for page in found for part in page.get("CommonPrefixes", ())]
    return [settings.DATA_DIR / name.rstrip("/") for name in names]


def _pull_one(file: Path) -> bool:
    """Again when the line breaks in the middle or other bytes come than were put; whole under its name or not at all.

    Raises: BucketError when they still differ at last.
    """
    from botocore.exceptions import ClientError

    for attempt in range(TRIES):
        try:
            found = _client().get_object(Bucket=settings.S3_BUCKET, Key=key_of(file))
        except ClientError as error:
            if _code_of(error) in MISSING:
                return False
            raise
        if _write(found["Body"], file, found["Metadata"].get("sha256", "")):
            return True
        time.sleep(PAUSE_S * 2**attempt)
    raise BucketError(f"{key_of(file)} cannot be fetched from the bucket whole, with the hash that it was put with.")


def _write(body: Any, file: Path, sha256: str) -> bool:
    """Whether all of it came, and as it was put; else there is no file."""
    from botocore.exceptions import BotoCoreError

    file.parent.mkdir(parents=True, exist_ok=True)
    temporary, digest = file.with_name(f".{file.name}.{uuid.uuid4().hex}"), hashlib.sha256()
    try:
        with temporary.open("wb") as stream:
            for piece in body.iter_chunks(PIECE_BYTES):
                digest.update(piece)
                stream.write(piece)
            stream.flush()
            os.fdatasync(stream.fileno())  # a copy that is there is taken as it is, also after a loss of power
        if digest.hexdigest() == sha256:
            temporary.replace(file)
            return True
        log.warning("%s came with the hash %s, expected %s", file.name, digest.hexdigest(), sha256 or "one")
    except BotoCoreError as error:
        log.warning("fetching %s broke off: %s", file.name, error)
    finally:
        temporary.unlink(missing_ok=True)
    return False


# --- removing -------------------------------------------------------------------------------------------------------
def remove(files: Iterable[Path]) -> None:
    """Remove them from the bucket; one that is not there is no fault. Raises: BucketError."""
    if not is_on():
        return
    keys = ({"Key": key_of(file)} for file in files)
    while batch := list(islice(keys, DELETE_AT_ONCE)):
        with _told():
            answer = _client().delete_objects(Bucket=settings.S3_BUCKET, Delete={"Objects": batch, "Quiet": True})
        if faults := answer.get("Errors"):
            raise BucketError(f"{len(faults)} keys of the bucket could not be removed: {faults[0].get('Message')}")


def discard(file: Path) -> None:
    """Remove it from the bucket; what stays for want of an answer is swept with what it belongs to."""
    if is_on():
        _in_peace(lambda: remove([file]))


def discard_tree(folder: Path) -> None:
    """The same of all below the folder."""
    if is_on():
        _in_peace(lambda: remove(kept.path for kept in list(below(folder))))


def _in_peace(act: Callable[[], None]) -> None:
    try:
        act()
    except BucketError as error:
        log.warning("files stay in the bucket for now: %s", error)


def abort_broken_off(older_than: timedelta) -> int:
    """Forget the parts of files whose sender vanished; answers how many. Raises: BucketError."""
    if not is_on():
        return 0
    before, aborted = datetime.now(UTC) - older_than, 0
    with _told():
        pages = _client().get_paginator("list_multipart_uploads").paginate(Bucket=settings.S3_BUCKET, Prefix=_prefix())
        for upload in [upload for page in pages for upload in page.get("Uploads", ())]:
            if upload["Initiated"] < before:
                which = {"Key": upload["Key"], "UploadId": upload["UploadId"]}
                _client().abort_multipart_upload(Bucket=settings.S3_BUCKET, **which)
                aborted += 1
    return aborted


# --- its parts ------------------------------------------------------------------------------------------------------
def _each(act: Callable[[Path], None], files: Iterable[Path], go_on: GoOn) -> None:
    waiting = iter(files)
    _client()  # made once, before the threads ask for it
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="bucket")
    try:
        while batch := list(islice(waiting, AT_ONCE)):
            go_on()
            for _ in pool.map(act, batch):
                pass
    finally:
        pool.shutdown(cancel_futures=True)


def _files_of(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _prefix() -> str:
    prefix = settings.S3_PREFIX.strip("/")
    return f"{prefix}/" if prefix else ""


def key_of(path: Path) -> str:
    """What the bucket calls a file or folder of the data folder."""
    return _prefix() + path.relative_to(settings.DATA_DIR).as_posix()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _client() -> Any:
    return connected(settings.S3_ENDPOINT, settings.S3_REGION)


@lru_cache(maxsize=4)
def connected(endpoint: str, region: str) -> Any:
    """One for all threads of the process; the keys come from the environment, as boto3 reads them."""
    import boto3  # here, because a service without a bucket need not pay for it
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=2 * THREADS,
        s3={"addressing_style": "path"} if endpoint else {},
    )
    return boto3.Session().client("s3", endpoint_url=endpoint or None, region_name=region or None, config=config)


@contextmanager
def _told() -> Iterator[None]:
    """Faults of the store in one sentence each. Raises: BucketError, BucketRefusedError."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

    where = f"The bucket {settings.S3_BUCKET} at {settings.S3_ENDPOINT or 'AWS'}"
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        message = f"{where} needs keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        raise BucketRefusedError(message) from error
    except (ClientError, Boto3Error) as error:
        cause = error if isinstance(error, ClientError) else error.__context__
        code = _code_of(cause)
        if code in REFUSED:
            message = (
                f"{where} refused the keys ({code}); check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and its policy."
            )
            raise BucketRefusedError(message) from error
        if code in NO_BUCKET:
            message = f"{where} does not exist; create it, or correct S3_BUCKET and S3_ENDPOINT."
            raise BucketRefusedError(message) from error
        raise BucketError(f"{where} did not take a request ({code or cause}).") from error
    except BotoCoreError as error:
        raise BucketError(f"{where} does not answer ({error}).") from error


def _code_of(error: BaseException | None) -> str:
    answer = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code", ""))

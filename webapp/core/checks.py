"""Settings that are risky or do not work: each check says what to do."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

MIN_KEY_SIGNS: Final = 50
MIN_WEIGHTS_BYTES: Final = 2 * 23_850_960
"""Of Inception's weights: as many numbers, of two bytes each at least."""
NETWORK_FILE_SYSTEMS: Final = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "fuse.glusterfs", "ceph", "lustre"}


@register(Tags.security)
def check_secret_key(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Who knows the key can log in as anybody."""
    found: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < MIN_KEY_SIGNS or len(set(settings.SECRET_KEY)) < 5:
        found.append(
            Error(
                f"SECRET_KEY has {len(settings.SECRET_KEY)} signs or hardly differing ones.",
                hint="Unset SECRET_KEY: the service makes a key of its own at the first start and keeps it.",
                id="atelier.E001",
            )
        )
    path = settings.DATA_DIR / "secret_key"
    if path.exists() and path.stat().st_mode & 0o077:
        found.append(
            Error(
                f"{path} can be read by other users of this machine.",
                hint=f"Run: chmod 600 {path}, and delete it if others may have read it: a new one is made.",
                id="atelier.E002",
            )
        )
    return found


@register(Tags.security)
def check_reachable(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A service that others can reach needs a code for its first visitor, names it answers to, and encryption."""
    found: list[CheckMessage] = []
    if settings.IS_LOOPBACK:
        return found
    if not settings.SETUP_CODE:
        found.append(
            Warning(
                "The service can be reached from the network and has no SETUP_CODE, so nobody can set it up.",
                hint="Start it with `python manage.py up`, which makes one, or set SETUP_CODE.",
                id="atelier.W001",
            )
        )
    if not settings.IS_HTTPS:
        found.append(
            Warning(
                "Passwords and images cross the network unencrypted.",
                hint="Put a proxy that speaks https before the service and set PUBLIC_URL=https://…",
                id="atelier.W002",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS holds '*': a page of any name could reach the service.",
                hint="List the names and addresses that people type.",
                id="atelier.E003",
            )
        )
    return found


@register()
def check_webhook_hosts(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A host is named as it stands in an address, without what stands around it."""
    wrong = [name for name in settings.WEBHOOK_HOSTS if set(name) & set("/:*@ ") or not name.strip(".")]
    if not wrong:
        return []
    return [
        Error(
            f"WEBHOOK_HOSTS holds {', '.join(wrong)}, which no host is called.",
            hint="Name hosts alone, such as hooks.lab.example, or .lab.example for all below it.",
            id="atelier.E008",
        )
    ]


@register(Tags.security)
def check_bucket_is_encrypted(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Images cross the network to the store."""
    address = urlsplit(settings.S3_ENDPOINT)
    if not settings.S3_BUCKET or address.scheme != "http" or address.hostname in settings.LOOPBACK:
        return []
    return [
        Warning(
            f"Images and checkpoints cross the network to {settings.S3_ENDPOINT} unencrypted.",
            hint="Set S3_ENDPOINT to an https:// address, or keep to a network that only these machines share.",
            id="atelier.W004",
        )
    ]


@register()
def check_live_layer(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Live events cross processes."""
    if "InMemory" not in settings.CHANNEL_LAYERS["default"]["BACKEND"]:
        return []
    return [
        Error(
            "The channel layer lives in the memory of one process; a worker's events would reach no page.",
            hint="Use channels_redis.pubsub.RedisPubSubChannelLayer with REDIS_URL.",
            id="atelier.E004",
        )
    ]


@register()
def check_sqlite_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without these SQLite loses writes under several processes."""
    options = settings.DATABASES["default"].get("OPTIONS", {})
    if connection.vendor != "sqlite" or (
        options.get("transaction_mode") == "IMMEDIATE" and "journal_mode=WAL" in options.get("init_command", "")
    ):
        return []
    return [
        Error(
            "SQLite is used without WAL or IMMEDIATE transactions; writes would fail with 'database is locked'.",
            hint="Leave DATABASES as webapp/settings.py has it.",
            id="atelier.E005",
        )
    ]


@register()
def check_sqlite_is_on_a_local_disk(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """SQLite's write-ahead log needs memory that all its processes share; a network file system has none."""
    kind = file_system_of(settings.DATA_DIR)
    if connection.vendor != "sqlite" or kind not in NETWORK_FILE_SYSTEMS:
        return []
    return [
        Error(
            f"The database lies on a network file system ({kind}), where SQLite loses data.",
            hint="Set ATELIER_DATA to a folder on a local disk, or DATABASE_URL to a PostgreSQL server.",
            id="atelier.E007",
        )
    ]


def file_system_of(folder: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The kind of file system that holds the folder, "" where the system does not say."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return ""
    held = [(point.replace("\\040", " "), kind) for _, point, kind, *_ in lines]
    holding = [(len(point), kind) for point, kind in held if folder.is_relative_to(point)]
    return max(holding, default=(0, ""))[1]


@register()
def check_inception_weights(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """What can be seen of the file without torch; whether it holds that network, the run that reads it says."""
    if not settings.INCEPTION_WEIGHTS:
        return []
    path = Path(settings.INCEPTION_WEIGHTS)
    fault = _fault_of_weights(path)
    if not fault:
        return []
    return [
        Warning(
            f"ATELIER_INCEPTION_WEIGHTS is {path}, which {fault}.",
            hint="Set it to the absolute path of the published pt_inception-2015-12-05 file (91 MiB), or unset it.",
            id="atelier.W003",
        )
    ]


def _fault_of_weights(path: Path) -> str:
    """In words; "" where there is none to be seen."""
    if not path.is_absolute():
        return "is no absolute path"
    try:
        if not path.is_file():
            return "is not there, or is no file"
        size = path.stat().st_size
        with path.open("rb") as stream:
            is_archive = stream.read(2) == b"PK"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if size < MIN_WEIGHTS_BYTES or (is_archive and not zipfile.is_zipfile(path)):
        return f"is torn or another file ({size / 2**20:.0f} MiB)"
    return ""


@register()
def check_uploads_fit(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Limits that exclude each other."""
    if 0 < settings.UPLOAD_CHUNK_MAX_BYTES <= settings.UPLOAD_MAX_BYTES and settings.DISK_FLOOR_BYTES >= 0:
        return []
    return [
        Error(
            "UPLOAD_MAX_BYTES must be at least UPLOAD_CHUNK_MAX_BYTES, and DISK_FLOOR_BYTES must not be negative.",
            hint="Unset them to use the defaults.",
            id="atelier.E006",
        )
    ]

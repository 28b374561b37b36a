"""An ingest whose worker ended before it did: it waits for another one, and starts anew there."""

from webapp.core import storage
from webapp.core.queue import call_worker
from webapp.datasets.events import publish_version
from webapp.datasets.models import DatasetVersion
from webapp.datasets.services.datasets import TASK


def interrupt_ingest(version: DatasetVersion, sentence: str) -> None:
    """Its process ended in a way nobody foresaw. Raises: LeaseLostError."""
    version.interrupt(sentence)
    publish_version(version)
    call_worker(TASK, version)


def pause_ingest(version: DatasetVersion, code: str, sentence: str) -> None:
    """It cannot go on for now, and `sentence` says why; what was uploaded stays, and it is tried again by itself.

    Raises: LeaseLostError.
    """
    version.pause(code, sentence)
    storage.remove_tree(storage.version_folder(version.pk, version.fence))
    publish_version(version)


def give_back_ingest(version: DatasetVersion) -> None:
    """The worker was told to end; the attempt does not count. Raises: LeaseLostError."""
    version.give_back()
    publish_version(version)
    call_worker(TASK, version)


def settle_abandoned_version(version: DatasetVersion) -> DatasetVersion | None:
    """What becomes of a version whose worker vanished; None when it was settled or taken in the meantime."""
    if not version.settle():
        return None
    publish_version(version)
    return version

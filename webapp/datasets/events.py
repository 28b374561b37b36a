"""What the socket may say of a dataset version while it is read in."""

import uuid
from typing import Literal

from pydantic import BaseModel

from webapp.core.events import Event, group_of, publish
from webapp.datasets.models import DatasetVersion

CHANNEL = "version"


class VersionProgress(BaseModel):
    """Files read so far, of all."""

    current: int
    max: int


class VersionChangedData(BaseModel):
    """Where a version is now."""

    state: DatasetVersion.State
    progress: VersionProgress | None
    outcomes: dict[str, int]
    num_images: int
    error_code: str
    error_message: str


class VersionChanged(Event):
    """The version came further, is ready, or was rejected."""

    type: Literal["version.changed"] = "version.changed"
    version: uuid.UUID
    data: VersionChangedData


def version_changed(version: DatasetVersion) -> VersionChanged:
    """The event that tells what the row says."""
    return VersionChanged(
        version=version.pk,
        data=VersionChangedData(
            state=DatasetVersion.State(version.state),
            progress=VersionProgress(**version.progress) if version.progress else None,
            outcomes=version.outcomes,
            num_images=version.num_images,
            error_code=version.error_code,
            error_message=version.error_message,
        ),
    )


def publish_version(version: DatasetVersion) -> None:
    """Tell everybody who watches the version, after commit."""
    publish(group_of(CHANNEL, version.pk), version_changed(version))

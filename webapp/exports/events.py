"""What the socket may say of an export."""

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from webapp.core.events import Event, component, group_of, publish
from webapp.exports.models import Export

CHANNEL = "export"


class ExportChangedData(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Annotated[Export.State, component("ExportState")]
    current: int
    max: int
    size_bytes: int
    error_code: str
    error_message: str


class ExportChanged(Event):
    """An export was queued, moved on (`current` of `max` images), or is ready to download."""

    type: Literal["export.changed"] = "export.changed"
    export: uuid.UUID
    data: ExportChangedData


def export_changed(export: Export) -> ExportChanged:
    """The event that tells what the row says."""
    return ExportChanged(
        export=export.pk,
        data=ExportChangedData(
            state=Export.State(export.state),
            current=export.progress.get("current", 0),
            max=export.progress.get("max", 0),
            size_bytes=export.size_bytes,
            error_code=export.error_code,
            error_message=export.error_message,
        ),
    )


def publish_export(export: Export) -> None:
    """Tell everybody who watches the export, after commit."""
    publish(group_of(CHANNEL, export.pk), export_changed(export))

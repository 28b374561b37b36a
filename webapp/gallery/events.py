"""What the socket may say of a selection, and of a target of accepted samples."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from webapp.core.events import Event, component, group_of, publish
from webapp.gallery.models import Selection

CHANNEL = "selection"
TARGET_CHANNEL = "target"


class SelectionChangedData(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Annotated[Selection.State, component("SelectionState")]
    error_code: str
    error_message: str


class SelectionChanged(Event):
    """A selection was queued, started, finished, failed or cancelled; when it is finished, its yields can be read."""

    type: Literal["selection.changed"] = "selection.changed"
    selection: uuid.UUID
    data: SelectionChangedData


def selection_changed(selection: Selection) -> SelectionChanged:
    """The event that tells what the row says."""
    return SelectionChanged(
        selection=selection.pk,
        data=SelectionChangedData(
            state=Selection.State(selection.state),
            error_code=selection.error_code,
            error_message=selection.error_message,
        ),
    )


def publish_selection(selection: Selection) -> None:
    """Tell everybody who watches the selection, after commit."""
    publish(group_of(CHANNEL, selection.pk), selection_changed(selection))


class TargetChanged(Event):
    """A verdict counted, further samples are being drawn, or the target is met or over; `data` is all of it."""

    type: Literal["target.changed"] = "target.changed"
    target: uuid.UUID
    data: Annotated[dict[str, Any], component("AcceptTarget")]


def publish_target(target: uuid.UUID, told: dict[str, Any]) -> None:
    """Tell everybody who watches the target, after commit."""
    publish(group_of(TARGET_CHANNEL, target), TargetChanged(target=target, data=told))

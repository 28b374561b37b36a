"""What the socket may say of a selection, of an edit, and of a target of accepted samples."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from webapp.core.events import Event, component, group_of, publish
from webapp.gallery.models import Edit, Selection

CHANNEL = "selection"
EDIT_CHANNEL = "edit"
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


class EditChangedData(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Annotated[Edit.State, component("EditState")]
    error_code: str
    error_message: str


class EditChanged(Event):
    """An edit was queued, started, finished, failed or cancelled; when it is finished, its sheet can be read."""

    type: Literal["edit.changed"] = "edit.changed"
    edit: uuid.UUID
    data: EditChangedData


def edit_changed(edit: Edit) -> EditChanged:
    """The event that tells what the row says."""
    data = EditChangedData(state=Edit.State(edit.state), error_code=edit.error_code, error_message=edit.error_message)
    return EditChanged(edit=edit.pk, data=data)


def publish_edit(edit: Edit) -> None:
    """Tell everybody who watches the edit, after commit."""
    publish(group_of(EDIT_CHANNEL, edit.pk), edit_changed(edit))


class TargetChanged(Event):
    """A verdict counted, further samples are being drawn, or the target is met or over; `data` is all of it."""

    type: Literal["target.changed"] = "target.changed"
    target: uuid.UUID
    data: Annotated[dict[str, Any], component("AcceptTarget")]


def publish_target(target: uuid.UUID, told: dict[str, Any]) -> None:
    """Tell everybody who watches the target, after commit."""
    publish(group_of(TARGET_CHANNEL, target), TargetChanged(target=target, data=told))

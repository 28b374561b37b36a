"""What the socket may say to one person's own pages."""

import uuid
from typing import Literal

from pydantic import BaseModel, ConfigDict

from webapp.core.events import Event, group_of, publish

CHANNEL = "person"


class LinkTestedData(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    mark: uuid.UUID


class LinkTested(Event):
    """The answer to a person who asked whether events arrive; it came the way that every event comes."""

    type: Literal["link.tested"] = "link.tested"
    person: uuid.UUID
    data: LinkTestedData


def publish_link_test(person: uuid.UUID, mark: uuid.UUID) -> None:
    """Send the mark to the person's pages that listen, after commit."""
    publish(group_of(CHANNEL, person), LinkTested(person=person, data=LinkTestedData(mark=mark)))

"""What a plan says of the checkpoint that a run starts from (`ml/start.py`). Importing it never imports torch."""

from typing import Literal

from typing_extensions import TypedDict

Way = Literal["generate", "continue", "reuse"]
"""What the run does with it."""


class Start(TypedDict):
    """A checkpoint of an earlier run.

    prepared: what the stage `prepare` of that run left (data, encoder), to be taken over where it is still on disk; may
    be empty.
    """

    way: Way
    file: str
    sha256: str
    prepared: dict[str, str]

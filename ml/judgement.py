"""What a training's judge says (`ml/health.py`). Importing this module never imports torch."""

from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

Code = Literal["overfitting", "collapse", "no_variety", "won", "diverging"]


class Action(TypedDict):
    """What to do about a judgement. `setting` and `value`: with change, a setting of the model and its new value."""

    kind: Literal["stop", "finish", "change"]
    setting: str | None
    value: bool | int | float | str | None


class ToldJudgement(TypedDict):
    """A `Judgement` as plain data."""

    code: Code
    message: str
    since: int
    until: int | None
    actions: list[Action]


class HealthJudged(TypedDict):
    """The health of the training at a measured checkpoint; it replaces what was judged before."""

    event: Literal["health"]
    step: int
    best_step: int | None
    judgements: list[ToldJudgement]


@dataclass(frozen=True)
class Judgement:
    """Something that goes wrong since a step; `until`: the step at which it no longer held, None while it does."""

    code: Code
    message: str
    since: int
    until: int | None
    actions: tuple[Action, ...]

    def told(self) -> ToldJudgement:
        return {
            "code": self.code,
            "message": self.message,
            "since": self.since,
            "until": self.until,
            "actions": list(self.actions),
        }

    @classmethod
    def of(cls, told: ToldJudgement) -> "Judgement":
        return cls(told["code"], told["message"], told["since"], told["until"], tuple(told["actions"]))

    def ended(self, step: int) -> "Judgement":
        """Kept, so that whoever looks later sees that it was, and that it is over; there is nothing to do about it."""
        return self if self.until is not None else Judgement(self.code, self.message, self.since, step, ())

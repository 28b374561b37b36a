"""The health of a training, judged: what goes wrong, since which step, and what to do about it.

A judge hears every step's scalars and, at each measured checkpoint, the vital signs (`ml/vitals.py`). What it remembers
is plain data and travels in the checkpoint, so that a resumed training is judged as one that was not interrupted.

    overfitting  D scores validation images more like generated ones than like those it learnt from
    collapse     the images of a class have become alike, though they were varied before
    no_variety   the images of a class are alike, and never were anything else
    won          D tells real from generated without fail, and G learns nothing more from it
    diverging    losses or scores grow without bound, and will end in values that are no numbers

An untrained generator's images are alike too, so a class can only collapse from a variety that it had, and is called
alike from the start only once training should have brought more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from ml.judgement import Action, Code, Judgement
from ml.losses import EVEN_LOSS, UNCOMPARED
from ml.model import ModelSettings
from ml.vitals import Overfitting, Vitals

Value = bool | int | float | str
Change = tuple[str, Value]
"""A setting of the model, and what to set it to."""

OVERFITS: Final = 0.4
"""r_v from which D is said to overfit when it lies above this beyond chance; trainings that do well stay below."""
STILL_OVERFITS: Final = 0.3
"""And below which it no longer does."""
FEW_VALIDATION: Final = 50
ALIKE: Final = 0.35
"""Variety, 1 as real, below which a class may have collapsed."""
FALLEN: Final = 0.5
"""And it must have fallen to this share of the most it had; more than real is no merit, and counts as 1."""
VARIED_AGAIN: Final = 1.2
"""How far above those bounds it is varied again, so that a class at the bound does not come and go."""
NEVER_VARIED: Final = 0.2
RISING: Final = 1.1
"""From one checkpoint to the next; a slow training is not yet a bad one."""
GIVEN_TIME: Final = 0.4
"""The share of the training after which a class that never was varied is named."""
NEAR_FLOOR: Final = 0.05
"""D's loss, as a share of what it is when D cannot tell, below which D is sure of nearly every image."""
HUGE: Final = 1e3
GROWN: Final = 100.0
MOST_NAMED: Final = 5
MOST_CHANGES: Final = 3
WATCHED: Final = ("loss/D", "loss/G", "score/real", "score/fake")

MORE_AUGMENTATION: Final[Mapping[str, str]] = {
    "none": "translation",
    "translation": "colour,translation",
    "translation,cutout": "colour,translation,cutout",
    "colour,translation": "colour,geometry,translation,cutout",
    "colour,translation,cutout": "colour,geometry,translation,cutout",
    "geometry,translation": "colour,geometry,translation,cutout",
}
RATES: Final = ("learning_rate_G", "learning_rate_D", "learning_rate")


@dataclass(frozen=True)
class _Finding:
    code: Code
    message: str
    since: int


class Judge:
    """One training's judge.

    memory: what an earlier attempt's judge left in the checkpoint that training goes on from.
    """

    def __init__(
        self, settings: ModelSettings, game: str | None, num_steps: int, memory: Mapping[str, Any] | None = None
    ) -> None:
        self.settings, self.game, self.num_steps = settings, game, num_steps
        self.asks_D = game is not None and game not in UNCOMPARED
        memory = memory or {}
        self.readings: int = memory.get("readings", 0)
        self.first_step: int = memory.get("first_step", 0)
        self.sums: dict[str, list[float]] = {path: list(sums) for path, sums in memory.get("sums", {}).items()}
        self.means: dict[str, float] = dict(memory.get("means", {}))
        self.calm: dict[str, float] = dict(memory.get("calm", {}))
        self.classes: dict[str, dict[str, Any]] = {name: dict(one) for name, one in memory.get("classes", {}).items()}
        self.since: dict[str, int] = dict(memory.get("since", {}))
        self.judgements = [Judgement.of(one) for one in memory.get("judgements", [])]

    def memory(self) -> dict[str, Any]:
        """Plain data, whole: a judge made from it goes on as this one would."""
        return {
            "readings": self.readings,
            "first_step": self.first_step,
            "sums": {path: list(sums) for path, sums in self.sums.items()},
            "means": dict(self.means),
            "calm": dict(self.calm),
            "classes": {name: dict(one) for name, one in self.classes.items()},
            "since": dict(self.since),
            "judgements": [judgement.told() for judgement in self.judgements],
        }

    def note(self, values: Mapping[str, float]) -> None:
        """The scalars of one step."""
        for path in WATCHED:
            if path in values:
                sums = self.sums.setdefault(path, [0.0, 0])
                sums[0] += values[path]
                sums[1] += 1

    def hear(self, step: int, vitals: Vitals, best_step: int | None) -> list[Judgement]:
        """Judge a measured checkpoint; best_step: that of the best one, this one included.

        Returns every judgement that holds, and those that once did with the step at which they ceased.
        """
        means = {path: total / number for path, (total, number) in self.sums.items()}
        self.readings += 1
        self.first_step = self.first_step or step
        found = [
            *self._overfitting(step, vitals.overfitting),
            *self._variety(step, vitals.variety, best_step),
            *self._won(step, means),
            *self._diverging(step, means),
        ]
        self.sums, self.means = {}, means
        holding = [self._judgement(finding, step, best_step) for finding in found]
        codes = {judgement.code for judgement in holding}
        over = [judgement.ended(step) for judgement in self.judgements if judgement.code not in codes]
        self.judgements = [*holding, *over]
        return self.judgements

    # --- what may be found ----------------------------------------------------------------------------------------
    def _overfitting(self, step: int, found: Overfitting | None) -> Iterator[_Finding]:
        if found is None:
            holds = False
        elif "overfitting" in self.since:
            holds = found.value > STILL_OVERFITS
        else:
            holds = found.value - 2 * found.error > OVERFITS
        since = self._lasting("overfitting", step, holds)
        if found is None or since is None:
            return
        few = f" Only {found.num_val} validation images were asked about: take it as a hint."
        yield _Finding(
            "overfitting",
            f"D knows its training images by heart: {_percent(found.value)} of what sets them apart from generated "
            f"ones sets them apart from validation images, too, which are as real."
            f"{few if found.num_val < FEW_VALIDATION else ''}",
            since,
        )

    def _variety(self, step: int, variety: Mapping[str, float], best_step: int | None) -> Iterator[_Finding]:
        for name, value in variety.items():
            self._note_variety(step, name, value)
        fallen = {name: variety[name] for name in variety if self.classes[name]["since"] is not None}
        if fallen:
            worst = min(fallen, key=fallen.__getitem__)
            most, most_at = self.classes[worst]["best"], self.classes[worst]["best_step"]
            yield _Finding(
                "collapse",
                f"{self._named(fallen, variety)} have become alike: {_those(fallen, worst)} vary "
                f"{_percent(fallen[worst])} as much as real ones, and varied {_percent(most)} as much at step "
                f"{most_at}.",
                min(self.classes[name]["since"] for name in fallen),
            )
        # a checkpoint that is the best so far says that the generator still comes on
        if step >= GIVEN_TIME * self.num_steps and best_step != step:
            never = {name: value for name, value in variety.items() if self._stays_alike(self.classes[name])}
            if never:
                worst = min(never, key=never.__getitem__)
                yield _Finding(
                    "no_variety",
                    f"{self._named(never, variety)} are alike and never were varied: {_those(never, worst)} vary "
                    f"{_percent(never[worst])} as much as real ones.",
                    self.first_step,
                )

    @staticmethod
    def _stays_alike(known: Mapping[str, Any]) -> bool:
        """It never was varied, and is not about to be."""
        return bool(known["best"] < NEVER_VARIED and known["now"] < RISING * known["before"])

    def _note_variety(self, step: int, name: str, value: float) -> None:
        known = self.classes.setdefault(
            name, {"best": value, "best_step": step, "now": value, "before": value, "since": None}
        )
        known["now"], known["before"] = value, known["now"]
        bound = min(ALIKE, FALLEN * min(1.0, known["best"]))
        if value > known["best"]:
            known["best"], known["best_step"] = value, step
        if known["since"] is None:
            known["since"] = step if value < bound else None
        elif value >= VARIED_AGAIN * bound:
            known["since"] = None

    def _named(self, some: Mapping[str, float], of: Mapping[str, float]) -> str:
        """The images of these classes, the least varied first."""
        names = sorted(some, key=some.__getitem__)
        if len(names) == len(of) > 1:
            return "The images of every class"
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return f"The images of {', '.join(names[:MOST_NAMED])}{more}"

    def _won(self, step: int, means: Mapping[str, float]) -> Iterator[_Finding]:
        since = self._lasting("won", step, self._is_sure(means) and self._is_sure(self.means) and self._widens(means))
        if since is None:
            return
        share = means["loss/D"] / EVEN_LOSS[self.game or ""]
        yield _Finding(
            "won",
            f"D has won: its loss is {means['loss/D']:.2g}, {_percent(share)} of what it is when D cannot tell real "
            f"from generated, and G's loss does not fall any more.",
            since,
        )

    def _is_sure(self, means: Mapping[str, float]) -> bool:
        even = EVEN_LOSS.get(self.game or "")
        return even is not None and all(path in means for path in WATCHED) and means["loss/D"] < NEAR_FLOOR * even

    def _widens(self, means: Mapping[str, float]) -> bool:
        """Scores lie as far apart as before or farther, and G's loss has not fallen."""
        gap, before = (one["score/real"] - one["score/fake"] for one in (means, self.means))
        return gap >= 0.98 * before and means["loss/G"] >= self.means["loss/G"] - 0.02 * abs(self.means["loss/G"])

    def _diverging(self, step: int, means: Mapping[str, float]) -> Iterator[_Finding]:
        grown = {
            path: value
            for path, value in means.items()
            if abs(value) > HUGE and abs(value) > GROWN * self.calm.get(path, abs(value))
        }
        for path, value in means.items():
            self.calm[path] = min(abs(value), self.calm.get(path, abs(value)))
        since = self._lasting("diverging", step, bool(grown))
        if since is None:
            return
        worst = max(grown, key=lambda path: abs(grown[path]))
        yield _Finding(
            "diverging",
            f"{worst} has grown to {grown[worst]:.3g}, from {self.calm[worst]:.3g}; before long it will be no number "
            f"any more, and training will end.",
            since,
        )

    def _lasting(self, code: Code, step: int, holds: bool) -> int | None:
        """Since when it holds without a break; None when it does not."""
        if not holds:
            self.since.pop(code, None)
            return None
        return self.since.setdefault(code, step)

    # --- what to do about it --------------------------------------------------------------------------------------
    def _judgement(self, finding: _Finding, step: int, best_step: int | None) -> Judgement:
        actions: list[Action] = [{"kind": "stop", "setting": None, "value": None}]
        if best_step is not None and best_step < step:
            actions.insert(0, {"kind": "finish", "setting": None, "value": None})
        for setting, value in changes(self.settings, self.game, finding.code):
            actions.append({"kind": "change", "setting": setting, "value": value})
        return Judgement(finding.code, finding.message, finding.since, None, tuple(actions))


def changes(settings: ModelSettings, game: str | None, code: Code) -> list[Change]:
    """Settings of this model that would help, most promising first; each exists, differs, and goes with the others."""
    found: dict[str, Value] = {}
    for setting, value in _remedies(settings, game, code):
        if setting not in found and _may_be(settings, (setting, value)):
            found[setting] = value
    return list(found.items())[:MOST_CHANGES]


def _remedies(settings: ModelSettings, game: str | None, code: Code) -> Iterator[Change]:
    values = settings.model_dump()
    # far above what the model is made for: nothing else helps as much
    yield from ((name, default) for name, default in _defaults(settings, RATES) if values[name] > 2 * default)
    stronger = MORE_AUGMENTATION.get(str(values.get("augmentation")))
    slower = {name: _half(values[name]) for name in RATES if name in values}
    if code in ("overfitting", "won"):
        if stronger is not None:
            yield "augmentation", stronger
        if "learning_rate_D" in slower:
            yield "learning_rate_D", slower["learning_rate_D"]
    if code in ("collapse", "no_variety") and values["batch_size"] < 64:
        yield "batch_size", 2 * values["batch_size"]
    if code != "diverging" and game != "wgan_gp":
        yield "spectral_norm", True
    if code == "collapse" and stronger is not None:
        yield "augmentation", stronger
    yield from slower.items()


def _defaults(settings: ModelSettings, names: Sequence[str]) -> list[Change]:
    fields = type(settings).model_fields
    return [(name, fields[name].default) for name in names if name in fields]


def _half(rate: float) -> float:
    """With two digits, as a person would write it."""
    return float(f"{rate / 2:.2g}")


def _may_be(settings: ModelSettings, change: Change) -> bool:
    """Whether there is such a setting, it is not so already, and it goes with the others."""
    values = settings.model_dump()
    name, value = change
    if name not in values or values[name] == value:
        return False
    try:
        type(settings)(**{**values, name: value})
    except ValidationError:
        return False
    return True


def _those(some: Mapping[str, float], worst: str) -> str:
    return f"those of {worst}" if len(some) > 1 else "they"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

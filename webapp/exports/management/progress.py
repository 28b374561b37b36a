"""How far the work is, for a person at a terminal: one bar for each stage, or one line where there is no terminal."""

import sys
import time
from collections.abc import Callable, Collection
from typing import Any, TextIO, TypeVar

from tqdm import tqdm

from webapp.core.crew import Crew
from webapp.core.leases import Leased
from webapp.datasets.models import DatasetVersion
from webapp.exports.models import Export
from webapp.runs.models import Run, RunState
from webapp.runs.selectors import standing_of

Row = TypeVar("Row", bound=Leased)
LOOK_EVERY_S = 0.4
WORDS = {
    RunState.PREPARING: "Preparing",
    RunState.TRAINING: "Training",
    RunState.GENERATING: "Generating",
    RunState.SCORING: "Scoring",
    RunState.SELECTING: "Selecting",
    RunState.STOPPING: "Stopping",
}
"""State of a run in which something moves -> what is said."""
BAR = "{desc:<22}{percentage:3.0f}% |{bar:30}| {n_fmt}/{total_fmt}{postfix}"
UNMEASURED = "{desc} …"
"""While nobody knows how much there is to do."""


class Progress:
    """`with Progress() as progress: progress.show("Training", 120, 2000, "85 images/s")`, as often as one likes."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self._close(whole=error[0] is None)

    def show(self, stage: str, current: float, total: float, note: str = "") -> None:
        """Say where the work is; a new word begins a new bar."""
        if stage != self._stage:
            self._close(whole=True)
            self._begin(stage, total)
        if self._bar is not None:
            self._bar.bar_format = BAR if total else UNMEASURED
            self._bar.total = total or 1
            self._bar.n = min(current, self._bar.total)
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.refresh()

    def _begin(self, stage: str, total: float) -> None:
        self._stage = stage
        if self._out.isatty():
            # nrows: a terminal that does not tell its height would be taken for one without room
            self._bar = tqdm(desc=stage, total=total or 1, file=self._out, bar_format=UNMEASURED, nrows=24)
        else:
            print(stage, file=self._out, flush=True)

    def _close(self, whole: bool) -> None:
        if self._bar is None:
            return
        if whole:
            self._bar.n = self._bar.total
            self._bar.set_postfix_str("", refresh=False)
            self._bar.refresh()
        self._bar.close()
        self._bar = None


def wait_for(row: Row, settled: Collection[str], show: Callable[[Row], None], crew: Crew) -> Row:
    """The row once it is in one of the states `settled`; `show` is called with each new look at it.

    Why it was interrupted is said once: on a full disk it waits for as long as nobody makes room.
    Raises: CommandError when nobody is left who works on it.
    """
    said = ""
    while True:
        row.refresh_from_db()
        show(row)
        if row.state == "interrupted" and row.error_message not in ("", said):
            said = row.error_message
            tqdm.write(said, file=sys.stderr)
        if row.state in settled:
            return row
        crew.look()
        time.sleep(LOOK_EVERY_S)


def show_version(progress: Progress) -> Callable[[DatasetVersion], None]:
    """Shows an ingest."""

    def show(version: DatasetVersion) -> None:
        progress.show("Reading images", version.progress.get("current", 0), version.progress.get("max", 0))

    return show


def show_run(progress: Progress) -> Callable[[Run], None]:
    """Shows a run."""

    def show(run: Run) -> None:
        if run.state in (RunState.QUEUED, RunState.INTERRUPTED):
            standing = standing_of(run)
            before = (standing and standing.position) or 0
            word = "Waiting for a worker" + (f", {before} before it" if before else "")
            progress.show(word, 0, 0)
        elif (word := WORDS.get(RunState(run.state), "")) != "":
            progress.show(word, run.step, run.num_steps, _speed(run))

    return show


def show_export(progress: Progress) -> Callable[[Export], None]:
    """Shows an export being built."""

    def show(export: Export) -> None:
        progress.show("Writing the export", export.progress.get("current", 0), export.progress.get("max", 0))

    return show


def _speed(run: Run) -> str:
    parts = [f"{run.images_per_s:,.0f} images/s"] if run.images_per_s else []
    if run.eta_s:
        parts.append(f"{run.eta_s / 60:.0f} min left" if run.eta_s >= 90 else f"{run.eta_s:.0f} s left")
    return ", ".join(parts)

"""How far the work is: one line that is written over, on a terminal only."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any, TextIO

EVERY_S = 0.1
BAR_SIGNS = 24


class Progress:
    """`with Progress(is_quiet) as progress`; the line is gone at the end."""

    def __init__(self, is_quiet: bool = False, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._is_shown = not is_quiet and self._out.isatty()
        self._said_at = 0.0
        self._is_dirty = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def show(self, what: str, done: float, total: float, note: str = "") -> None:
        """At most ten times a second, and always when it is whole."""
        now = time.monotonic()
        if not self._is_shown or (now - self._said_at < EVERY_S and done < total):
            return
        self._said_at, self._is_dirty = now, True
        share = min(1.0, done / total) if total else 0.0
        bar = "#" * round(share * BAR_SIGNS)
        line = f"{what:<14} {share:4.0%} |{bar:<{BAR_SIGNS}}| {note}" if total else f"{what} {note}"
        width = shutil.get_terminal_size().columns - 1
        self._out.write(f"\r{line[:width]:<{width}}")
        self._out.flush()

    def show_work(self, work: Any) -> None:
        """A run, a study, an export, a version or a selection after a look at it."""
        data = work.data
        if work.noun == "run":
            step = f"step {data['step']:,} of {data['num_steps']:,}" if work.status == "training" else ""
            left = f", {data['eta_s']:.0f} s left" if step and data.get("eta_s") else ""
            self.show(work.status.capitalize(), data["stage_progress"], 1.0, step + left)
        elif work.noun == "study":
            told = data["progress"]
            done, total = told["step"], told["num_steps"]
            if told["part"] in ("children", "arts"):
                done, total = told["num_done"], told["num_children"] or told["num_generators"]
            art = f"{told['arm']}, seed {told['seed']}" if told["part"] == "arts" else told["part"]
            self.show(f"Study {work.status}", done, total, art)
        else:
            progress = data.get("progress") or {"current": 0, "max": 0}
            self.show(f"{work.noun} {work.status}"[:40].capitalize(), progress["current"], progress["max"])

    def clear(self) -> None:
        """Leave an empty line for what is printed next."""
        if self._is_dirty:
            self._out.write(f"\r{'':<{shutil.get_terminal_size().columns - 1}}\r")
            self._out.flush()
            self._is_dirty = False

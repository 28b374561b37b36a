"""The child process of a worker: `python -m ml work PLAN.json`.

It dies with its parent, keeps stdout for events, and ends with 0 (done), 75 (stopped, all saved) or 1 (a fault: with an
`error` event when there is a sentence for a person, else with a traceback on stderr). Nothing heavy is imported before
the tie to the parent is made.
"""

import argparse
import faulthandler
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from ml.disk import disk_full
from ml.errors import MlError
from ml.plans import read_plan
from ml.processes import die_with_parent
from ml.protocol import EXIT_DONE, EXIT_FAULT, EXIT_STOPPED, claim_stdout, emit
from ml.share import THREADS, claim_threads

YIELDING = 5
"""Niceness of what is not a run: on a busy machine the server goes first, for which somebody waits at every key."""


def work(options: argparse.Namespace) -> int:
    """Carry out the plan in the file `options.plan`; returns the exit code."""
    die_with_parent(os.getppid())
    claim_stdout()
    faulthandler.enable()
    try:
        return carry_out(options.plan, threading.Event())
    except MlError as error:
        return _fault(error)
    except OSError as error:
        full = disk_full(error, options.plan.parent)
        if full is None:
            raise
        return _fault(full)


def _fault(error: MlError) -> int:
    emit({"event": "error", "code": error.code, "message": error.message})
    with suppress(OSError):  # the log may lie on the very disk that is full
        print(f"{error.code}: {error.message}", file=sys.stderr)
    return EXIT_FAULT


def carry_out(plan_file: Path, stop: threading.Event) -> int:
    """The verb of a plan. SIGTERM asks a run to save and leave; the other verbs are short, and end at once."""
    plan = read_plan(plan_file)
    if plan["verb"] == "run" or plan["verb"] == "study" or plan["verb"] == "attribute_study":  # so that types follow
        signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
        claim_threads()  # before anything imports torch or numpy
        from ml.told import StopRequested

        try:
            if plan["verb"] == "run":
                from ml import pipeline
                from ml.pool_import import ImportRun

                pipeline.run(plan, emit, stop.is_set, kind=ImportRun if "imported" in plan else None)
            elif plan["verb"] == "study":
                from ml import study_work

                study_work.run(plan, emit, stop.is_set)
            else:
                from ml import attribute_study_work

                attribute_study_work.run(plan, emit, stop.is_set)
        except StopRequested:
            return EXIT_STOPPED
        return EXIT_DONE
    os.environ.setdefault(THREADS, "1")  # the rest is short, and waits for the disk more than it computes
    claim_threads()
    os.nice(YIELDING)
    if plan["verb"] == "select":
        from ml.selection import select_again

        select_again(plan, emit)
    elif plan["verb"] == "edit":
        from ml import edits

        edits.edit(plan, emit)
    elif plan["verb"] == "ingest":
        from ml import ingest

        ingest.run(plan, emit)
    else:
        from ml import export

        export.run(plan, emit)
    return EXIT_DONE

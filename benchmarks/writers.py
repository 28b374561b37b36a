"""Six processes that write to one SQLite database: how much they write, and how long the last of them waits.

    python -m benchmarks.writers [SECONDS]      10 s unless said otherwise, into benchmarks/writers.md

Three write the progress of a run each, with curve points and events, and three give verdicts in one pool; all of them
as fast as they can, through the same code as workers and server. The bars: nothing fails because the database is
locked, and 99 of 100 wait 3 s at most.
"""

import json
import statistics
import sys
from pathlib import Path

from benchmarks.main_job import machine
from benchmarks.served import in_stack, served, start_in_stack

PAGE = Path(__file__).with_suffix(".md")
NUM_OF_EACH = 3


def main() -> None:
    """The page."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    lines = ["# Six writers at once", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += ["| what is written | a second | median | 99 of 100 | latest | locked |", "|---|---|---|---|---|---|"]
    with served(web_processes=1) as stack:
        begun = in_stack(stack, "benchmarks.world", "begin", "1")
        runs = in_stack(stack, "benchmarks.world", "queue", begun["run"], str(NUM_OF_EACH))
        work = {
            "progress of runs": [start_in_stack(stack, "benchmarks.world", "write", run, str(seconds)) for run in runs],
            "verdicts": [start_in_stack(stack, "benchmarks.world", "judge", begun["pool"], str(seconds)) for _ in runs],
        }
        for what, processes in work.items():
            told = [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]
            spent = sorted(second for one in told for second in one["spent"])
            late = spent[int(0.99 * (len(spent) - 1))]
            cells = [
                f"{len(spent) / seconds:.0f}",
                *(f"{1e3 * t:.0f} ms" for t in (statistics.median(spent), late, spent[-1])),
            ]
            lines.append(f"| {what} | {' | '.join(cells)} | {sum(one['locked'] for one in told)} |")
    page = "\n".join([*lines, "", f"{machine()}; {seconds:g} s.", ""])
    PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()

"""Runs a program that dies with its parent: `python -I -S tether.py PARENT_PID PROGRAM ARGUMENT...`.

Executed by its path before anything else is imported, because the tie must be made between fork and exec, and Python's
own hook for that place (`preexec_fn`) can deadlock in a parent with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGKILL when the parent ends, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the tie was made
        sys.exit(1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so across exec
    os.execvp(program[0], program)  # noqa: S606  # a list, and no shell is wanted


if __name__ == "__main__":
    main()

"""`python -m ml` as on a machine with two devices, where there is a CPU: a process for each, joined by gloo."""

import sys

from ml import pipeline
from ml.__main__ import main

pipeline.num_devices = lambda wish, batch_size, device: 2  # type: ignore[assignment]
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

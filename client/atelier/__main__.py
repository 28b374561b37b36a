"""`python -m atelier`."""

import sys

from atelier.command.main import main

sys.exit(main())

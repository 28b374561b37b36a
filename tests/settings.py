"""The product's settings over a data folder of the tests' own, so that no test ever sees anybody's data.

They must be in the environment before the settings are read, which is before any conftest is.
"""

import os
import tempfile

DATA_FOLDER = tempfile.mkdtemp(prefix="atelier-tests-")
os.environ["ATELIER_DATA"] = DATA_FOLDER
os.environ["DISK_FLOOR_BYTES"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

from webapp import settings as product  # noqa: E402
from webapp.settings import *  # noqa: E402, F403

os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"  # for the processes that tests start
PASSWORD_HASHERS = ["tests.hashing.QuickHasher"]
REDIS_URL = "redis://127.0.0.1:1/0"
"""Nothing listens there: no test may ring somebody's workers. Tests that need a Redis start their own."""
CHANNEL_LAYERS = {"default": {**product.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": [REDIS_URL]}}}

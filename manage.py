#!/usr/bin/env python
"""Django's door; also `up` (everything on one machine) and `augment` (the main job without a browser)."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    execute_from_command_line(sys.argv)

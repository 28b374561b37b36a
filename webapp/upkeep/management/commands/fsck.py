"""`manage.py fsck`: compares rows and disk both ways. It only tells, unless `--sweep` removes what no row names."""

import sys
from argparse import ArgumentParser
from typing import Any

from webapp.core import bucket, storage
from webapp.core.commands import PlainCommand
from webapp.upkeep.services.copies import fill_bucket
from webapp.upkeep.services.sweep import sweep
from webapp.upkeep.services.unreferenced import Finding, missing, remove_unreferenced, unreferenced, unreferenced_keys


class Command(PlainCommand):
    """Exit status 0: rows and disk agree; 1: something was found, one line each."""

    help = "Compare what rows name with what lies on the disk. Nothing is changed without --sweep."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sweep", action="store_true", help="remove what was deleted and what no row names")
        parser.add_argument("--fill-bucket", action="store_true", help="first put what lies here into a new bucket")
        parser.add_argument("--check-hashes", action="store_true", help="read every file and compare its hash")
        parser.add_argument(
            "--older-than", type=float, default=24.0, metavar="HOURS", help="younger files stay (default: 24)"
        )

    def handle(self, **options: Any) -> None:
        older_than_s = options["older_than"] * 3600
        if options["fill_bucket"]:
            self.stdout.write(f"{fill_bucket()} files lie in the bucket.")
        lost = list(self._told(missing(options["check_hashes"])))
        if options["sweep"]:
            while not sweep(for_s=60.0):
                pass
            found = list(self._told(remove_unreferenced(older_than_s), "removed: "))
        else:
            found = list(self._told(unreferenced(older_than_s)))
            if bucket.is_on():
                found += self._told(unreferenced_keys(older_than_s))
        total = sum(finding.size_bytes for finding in found)
        verb = "removed" if options["sweep"] else "that no row names (--sweep removes them)"
        self.stdout.write(
            f"{len(lost)} files missing or changed; {len(found)} files or folders, {total} bytes, {verb}."
        )
        if lost or (found and not options["sweep"]):
            sys.exit(1)

    def _told(self, findings: Any, before: str = "") -> Any:
        finding: Finding
        for finding in findings:
            self.stdout.write(f"{finding.code} {storage.relative(finding.path)}: {before}{finding.message}")
            yield finding

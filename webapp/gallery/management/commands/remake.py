"""`manage.py remake`: the pixels of a sample made again from its checkpoint, class and seed, and compared."""

import json
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from PIL import Image

from webapp.core import bucket, storage
from webapp.core.commands import PlainCommand
from webapp.gallery.models import Pool, Sample
from webapp.gallery.selectors.pixels import sample_png
from webapp.gallery.selectors.pools import all_pools
from webapp.gallery.selectors.samples import all_samples

TEXT_KEY = "atelier"
"""The text chunk of an exported PNG that holds its manifest row."""


class Command(PlainCommand):
    help = "Makes a sample again from its checkpoint, class and seed, and says whether every pixel is the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sample", help="the sample's id, or a synthetic PNG from an export")
        parser.add_argument("--out", type=Path, metavar="PNG", help="write the image here")

    def handle(self, *args: Any, **options: Any) -> None:
        named, out = options["sample"], options["out"]
        more = ["--out", str(out.absolute())] if out else []
        if not named.isdecimal():
            file = Path(named).absolute()
            pool = _pool_of(file)
            self._remake([*_made_from(pool), "--like", str(file), *more])
            return
        sample = all_samples().filter(pk=int(named[:18])).first()
        if sample is None:
            raise CommandError(f"There is no sample {named}; its id stands in the gallery, under where it comes from.")
        with tempfile.TemporaryDirectory() as folder:
            like = Path(folder) / f"sample-{sample.pk}.png"
            like.write_bytes(sample_png(sample.pool, sample.index))
            self._remake([*_origin_of(sample), "--like", str(like), *more])

    def _remake(self, arguments: list[str]) -> None:
        """In a process of its own, because this one carries no torch. Raises: CommandError."""
        child = subprocess.run(
            [sys.executable, "-m", "ml", "remake", *arguments],
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
        if child.returncode != 0:
            raise CommandError(child.stderr.strip().removeprefix("error: "))
        self.stdout.write(child.stdout.strip())


def _origin_of(sample: Sample) -> list[str]:
    """Raises: CommandError."""
    pool = sample.pool
    origin = ["--class", pool.classes[sample.label], "--seed", str(sample.seed), "--sha256", pool.checkpoint_sha256]
    return [*_made_from(pool), *origin]


def _made_from(pool: Pool) -> list[str]:
    """The checkpoint, and for a translation the images that the run learnt from. Raises: CommandError."""
    made_from = [str(_checkpoint_of(pool))]
    if pool.views:
        data = storage.stored(pool.run.artefacts.get("prepare", {}).get("data", "none"))
        bucket.pull_tree(data)
        if not (data / "pack.json").exists():
            raise CommandError("The real images that the samples were made from are not packed on the disk any more.")
        made_from += ["--data", str(data)]
    return made_from


def _checkpoint_of(pool: Pool) -> Path:
    """Raises: CommandError when it is gone."""
    if pool.run.origin:
        raise CommandError(f"The sample was made elsewhere, by {pool.run.origin['name']}; only its pixels are here.")
    file = storage.stored(pool.run.artefacts["train"]["checkpoint"])
    if not bucket.pull(file):
        raise CommandError(f"The checkpoint {pool.checkpoint_sha256} is not on the disk any more.")
    return file


def _pool_of(file: Path) -> Pool:
    """The pool whose checkpoint an exported PNG names. Raises: CommandError."""
    try:
        with Image.open(file, formats=["PNG"]) as picture:
            picture.load()
            sha256 = json.loads(getattr(picture, "text", {})[TEXT_KEY])["checkpoint_sha256"]
    except (OSError, SyntaxError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            f"{file} is no synthetic PNG of an export: its provenance cannot be read ({error})."
        ) from None
    pool = all_pools().filter(checkpoint_sha256=str(sha256)).order_by("-created_at").first()
    if pool is None:
        raise CommandError(f"No run here was made by the checkpoint {sha256}; ask the service that made the export.")
    return pool

"""`manage.py import_images`: synthetic images that were made elsewhere, from a folder or zip on the server."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from webapp.core.commands import PlainCommand
from webapp.datasets.models import DatasetVersion
from webapp.runs.services.imports import Origin, import_images


class Command(PlainCommand):
    help = "Imports synthetic images of another model into a dataset version; the service's workers do it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help="class folders, or files with metadata.jsonl or metadata.csv")
        parser.add_argument("--dataset", required=True, help="name of the dataset; its newest ready version is taken")
        parser.add_argument("--lab", default="", help="name of the lab, where two have a dataset of this name")
        parser.add_argument("--made-by", required=True, metavar="MODEL", help="what made the images")
        parser.add_argument("--licence", default="", help="of the images")
        parser.add_argument("--note", default="", help="how they were made")
        parser.add_argument("--resolution", type=int, default=32, help="side of the squares, 16 to 256 (default: 32)")
        parser.add_argument("--fit", choices=["crop", "pad", "stretch"], default="crop", help="how they become square")
        parser.add_argument("--sampler", default="random", help="what selects first (default: random)")
        parser.add_argument("--per-class", type=int, default=100, help="images to keep of each class (default: 100)")

    def handle(self, *args: Any, **options: Any) -> None:
        source = options["source"].resolve()
        if not source.exists():
            raise CommandError(f"There is no folder and no file at {source}; check the path.")
        if not 16 <= options["resolution"] <= 256:
            raise CommandError(f"--resolution is {options['resolution']}; expected 16 to 256.")
        version = _version(options["dataset"], options["lab"])
        images = {"resolution": options["resolution"], "fit": options["fit"], "channels": "auto"}
        choice = {
            "model_settings": images,
            "sampler": options["sampler"],
            "budget": {"kind": "per_class", "count": options["per_class"]},
        }
        origin = Origin(options["made_by"][:120], options["note"][:2000], options["licence"][:200], str(source))
        run = import_images(version, None, choice, origin)
        self.stdout.write(f"Queued as run {run.pk}; watch it at /runs/{run.pk} of the service.")


def _version(dataset: str, lab: str) -> DatasetVersion:
    """Raises: CommandError."""
    rows = DatasetVersion.objects.filter(dataset__name=dataset, state=DatasetVersion.State.READY)
    rows = rows.filter(dataset__lab__name=lab) if lab else rows
    found = list(rows.select_related("dataset__lab").order_by("-number"))
    if not found:
        raise CommandError(f"There is no dataset called {dataset!r} with a version that is ready; check its name.")
    if len({version.dataset_id for version in found}) > 1:
        labs = ", ".join(sorted({version.dataset.lab.name for version in found}))
        raise CommandError(f"Several labs have a dataset called {dataset!r} ({labs}); name one by --lab.")
    return found[0]

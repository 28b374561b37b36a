"""Datasets and their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atelier import shapes
from atelier.archive import Show, source_of
from atelier.downloads import download
from atelier.errors import ConflictError, NotFoundError
from atelier.resource import Resource, Work
from atelier.uploads import Transfer

if TYPE_CHECKING:
    from atelier.client import Client
    from atelier.torch_data import ImageData

UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]|^\.+$|^ +| +$')


def _silent(what: str, done: int, total: int) -> None:
    """No progress is shown."""


class DatasetVersion(Work[shapes.DatasetVersion]):
    """The images of a dataset as they were uploaded once, in splits."""

    noun, path = "dataset version", "/api/v1/versions/{id}/"
    good = frozenset({"ready"})
    settled = frozenset({"ready", "rejected"})

    @property
    def name(self) -> str:
        return str(self.data["number"])

    def images(
        self, split: str | None = None, label: str | None = None, issue: str | None = None
    ) -> Iterator[shapes.DatasetImage]:
        """What is known of each image."""
        return self._client.each(
            "/api/v1/versions/{id}/images/", {"split": split, "label": label, "issue": issue}, id=self.id
        )

    def report(self, outcome: str | None = None) -> Iterator[shapes.IngestFile]:
        """What became of each file of the upload."""
        return self._client.each("/api/v1/versions/{id}/report/", {"outcome": outcome}, id=self.id)

    def download(self, folder: str | Path, show: Show = _silent) -> Path:
        """The original images as `<folder>/<split>/<class>/<index>.<suffix>`; what lies there already is left alone.

        Raises: TornFileError when bytes arrive that are not the service's.
        """
        root = Path(folder)
        for done, image in enumerate(self.images(), 1):
            target = (
                root / _name(image["split"]) / _name(image["label"]) / f"{image['index']:08d}{_suffix(image['name'])}"
            )
            if not (target.is_file() and target.stat().st_size == image["size_bytes"]):
                target.parent.mkdir(parents=True, exist_ok=True)
                self._fetch(image, target)
            show("Downloading", done, self.data["num_images"])
        return root

    def _fetch(self, image: shapes.DatasetImage, target: Path) -> None:
        path = "/api/v1/versions/{id}/images/{index}/original/"
        size, sha256, index = image["size_bytes"], image["sha256"], image["index"]
        tag = f"{sha256}-original"
        download(self._client.connection, path, target, size, sha256, _silent, tag, id=self.id, index=index)

    def to_torch(self, folder: str | Path, split: str = "train", transform: Any = None) -> ImageData:
        """A torch Dataset of one split; the images are downloaded into `folder` unless they lie there already."""
        from atelier.torch_data import ImageData

        return ImageData(self.download(folder), split, transform)


class Dataset(Resource[shapes.Dataset]):
    """A name for versions of the same data."""

    noun, path = "dataset", "/api/v1/datasets/{id}/"

    @property
    def versions(self) -> list[DatasetVersion]:
        """The newest first."""
        return [DatasetVersion(self._client, row) for row in self.data["versions"]]

    def version(self, number: int | None = None) -> DatasetVersion:
        """The version of this number; without one the newest.

        Raises: NotFoundError.
        """
        for version in self.versions:
            if number is None or version.data["number"] == number:
                return version
        raise NotFoundError(f"The dataset {self.name} has no version {number}; it has {len(self.versions)}.")

    def add_version(self, path: str | Path, show: Show = _silent) -> DatasetVersion:
        """Upload a folder or an archive as the next version; goes on with the same bytes where an upload broke off."""
        transfer = Transfer(self._client.connection, source_of(Path(path), show), self.data["lab"], show)
        row = self._client.ask("POST", "/api/v1/datasets/{id}/versions/", {"upload": transfer.send()}, id=self.id)
        transfer.forget()
        return DatasetVersion(self._client, row)

    def delete(self) -> None:
        """Remove it with its images."""
        self._client.ask("DELETE", self.path, id=self.id)


class Datasets:
    """`client.datasets`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, lab: str | None = None) -> Iterator[Dataset]:
        """Those of a lab, or of all the person's labs, the newest first."""
        query = {"lab": self._client.lab_id(lab) if lab else None}
        return (Dataset(self._client, row) for row in self._client.each("/api/v1/datasets/", query))

    def get(self, name: str, lab: str | None = None) -> Dataset:
        """By id, or by name where only one lab has a dataset of this name.

        Raises: NotFoundError; ConflictError when several labs have it.
        """
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name):
            return Dataset(self._client, self._client.ask("GET", Dataset.path, id=name))
        found = [dataset for dataset in self.list(lab) if dataset.name == name]
        if len(found) > 1:
            raise ConflictError(f"{len(found)} labs have a dataset called {name!r}; name the lab, or give its id.")
        if not found:
            raise NotFoundError(f"There is no dataset called {name!r}.")
        return found[0]

    def upload(self, path: str | Path, name: str = "", lab: str | None = None, show: Show = _silent) -> Dataset:
        """A new dataset from a folder or an archive; goes on with the same bytes where an upload broke off.

        Its version 1 is then read by the service: `dataset.version().wait()`.
        """
        lab_id = self._client.lab_id(lab)
        transfer = Transfer(self._client.connection, source_of(Path(path), show), lab_id, show)
        body = {"lab": lab_id, "name": name or Path(path).resolve().stem, "upload": transfer.send()}
        row = self._client.ask("POST", "/api/v1/datasets/", body)
        transfer.forget()
        return Dataset(self._client, row)


def _name(text: str) -> str:
    """A folder name that stays inside the folder it is put in, whatever the service says."""
    return UNSAFE.sub("_", text) or "_"


def _suffix(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,7}", suffix) else ""

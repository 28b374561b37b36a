"""Exports: augmented datasets to take away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atelier import shapes
from atelier.archive import Show
from atelier.downloads import download
from atelier.errors import ConflictError
from atelier.resource import Work

if TYPE_CHECKING:
    from atelier.client import Client
    from atelier.torch_data import ImageData


class Export(Work[shapes.Export]):
    """A file of real and synthetic images, being built or ready."""

    noun, path = "export", "/api/v1/exports/{id}/"
    good = frozenset({"ready"})
    settled = frozenset({"ready", "failed"})

    @property
    def name(self) -> str:
        return self.data["file_name"]

    def download(self, out: str | Path = ".", show: Show = lambda what, done, total: None) -> Path:
        """Fetch the file as `out`, or into the folder `out`; a broken download goes on where it was.

        Raises: ConflictError before the export is ready; TornFileError when the bytes are not the service's.
        """
        if self.status != "ready":
            raise ConflictError(f"The export {self.name} is {self.status}; it can be downloaded when it is ready.")
        target = Path(out) / Path(self.name).name if Path(out).is_dir() else Path(out)
        facts = self.data["size_bytes"], self.data["sha256"]
        return download(self._client.connection, "/api/v1/exports/{id}/download/", target, *facts, show, id=self.id)

    def to_torch(self, folder: str | Path = ".", split: str = "train", transform: Any = None) -> ImageData:
        """A torch Dataset of one split; the file is downloaded into `folder` unless it lies there already."""
        from atelier.torch_data import ImageData

        have = Path(folder) / Path(self.name).name
        if not (have.is_file() and have.stat().st_size == self.data["size_bytes"]):
            have = self.download(folder)
        return ImageData(have, split, transform)

    def delete(self) -> None:
        """Remove it, or give up building it."""
        self._client.ask("DELETE", self.path, id=self.id)


class Exports:
    """`client.exports`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, run: str | None = None) -> Iterator[Export]:
        """The newest first."""
        return (Export(self._client, row) for row in self._client.each("/api/v1/exports/", {"run": run}))

    def get(self, id: str) -> Export:
        return Export(self._client, self._client.ask("GET", Export.path, id=id))

    def create(
        self,
        selection: str | None = None,
        format: str = "image_folder",
        content: shapes.ExportContent = "both",
        accepted_only: bool = False,
        max_ratio: float | None = None,
        version: str | None = None,
        name: str = "",
        memorised_reason: str = "",
    ) -> Export:
        """Begin to build one from a selection, or of a dataset version as it is; `wait` returns when it is ready.

        max_ratio: synthetic images of a class at most so many times its real training images.
        memorised_reason: why near-copies of training images may go out, where there are more than the lab allows.
        Raises: ConflictError with the code `too_many_memorised` without it.
        """
        body: dict[str, object] = {"format": format, "name": name}
        if version is not None:
            body["version"] = version
        if selection is not None:
            body |= {"selection": selection, "content": content, "accepted_only": accepted_only}
            body |= {"max_ratio": max_ratio, "memorised_reason": memorised_reason}
        return Export(self._client, self._client.ask("POST", "/api/v1/exports/", body))

"""Studies: whether synthetic images help a classifier, and which way to edit attributes works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from atelier import shapes
from atelier.resource import Work

if TYPE_CHECKING:
    from typing_extensions import Self

    from atelier.client import Client


class Study(Work[shapes.Study]):
    """Networks trained alike to answer one question: `data["sentence"]` is the answer, `data["result"]`, or of
    attributes `data["attribute_result"]`, all that it rests on."""

    noun, path = "study", "/api/v1/studies/{id}/"
    good = frozenset({"finished"})
    settled = frozenset({"finished", "stopped", "failed", "cancelled"})

    def stop(self) -> Self:
        """End and keep what is trained; `resume` goes on with the rest."""
        self.data = self._client.ask("POST", "/api/v1/studies/{id}/stop/", id=self.id)
        return self

    def resume(self) -> Self:
        """Train what is missing."""
        self.data = self._client.ask("POST", "/api/v1/studies/{id}/resume/", id=self.id)
        return self

    def cancel(self) -> Self:
        """End at once and for good."""
        self.data = self._client.ask("POST", "/api/v1/studies/{id}/cancel/", id=self.id)
        return self


class Studies:
    """`client.studies`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, version: str | None = None, lab: str | None = None) -> Iterator[Study]:
        """The newest first. A row of the list has fewer fields than `get` gives; `refresh` brings the others."""
        query = {"version": version, "lab": self._client.lab_id(lab) if lab else None}
        return (Study(self._client, row) for row in self._client.each("/api/v1/studies/", query))

    def get(self, id: str) -> Study:
        return Study(self._client, self._client.ask("GET", Study.path, id=id))

    def start(self, version: str, arms: Sequence[str], **more: Any) -> Study:
        """Compare arms on a dataset version. `more`: model, model_settings, or pools; settings, name, run.

        With `question="attributes"` arms are ways to edit them, such as `stargan:condition_mode=diff`, and
        model_settings what all of them share.
        """
        body: dict[str, Any] = {"version": version, "arms": list(arms)}
        body |= {key: value for key, value in more.items() if value is not None}
        return Study(self._client, self._client.ask("POST", "/api/v1/studies/", body))

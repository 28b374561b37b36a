"""Pools, samples, verdicts and selections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atelier import shapes
from atelier.errors import ConflictError
from atelier.resource import Resource, Work

if TYPE_CHECKING:
    from atelier.client import Client


class Selection(Work[shapes.Selection]):
    """A sampler's choice from a pool."""

    noun, path = "selection", "/api/v1/selections/{id}/"
    good = frozenset({"finished"})
    settled = frozenset({"finished", "failed"})

    @property
    def name(self) -> str:
        return str(self.data["number"])


class Selections:
    """`client.selections`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, id: str) -> Selection:
        return Selection(self._client, self._client.ask("GET", Selection.path, id=id))


class Sample(Resource[shapes.Sample]):
    """One candidate with its scores."""

    noun, path = "sample", "/api/v1/samples/{id}/"

    @property
    def status(self) -> str:
        """undecided, accepted or rejected, by all verdicts."""
        return self.data["standing"]

    def accept(self) -> shapes.Act:
        """This person's verdict."""
        return self._decide({"value": "accept"})

    def reject(self, reason: str = "") -> shapes.Act:
        """This person's verdict."""
        return self._decide({"value": "reject", "reason": reason})

    def clear(self) -> shapes.Act:
        """Take this person's verdict back."""
        act: shapes.Act = self._client.ask("DELETE", "/api/v1/samples/{id}/verdict/", id=self.id)
        return act

    def rate(self, rating: int) -> shapes.Act:
        """This person's rating, 1 to 5; 0 clears."""
        return self._decide({"rating": rating})

    def star(self, starred: bool = True) -> shapes.Act:
        """This person's star, seen by nobody else; False takes it away."""
        return self._decide({"starred": starred})

    def image(self, scale: int | None = None) -> bytes:
        """The image as PNG, enlarged `scale` times if given."""
        answer = self._client.connection.open("GET", "/api/v1/samples/{id}/image/", query={"scale": scale}, id=self.id)
        with answer.stream as stream:
            return stream.read()

    def _decide(self, verdict: shapes.NewVerdictRequest) -> shapes.Act:
        act: shapes.Act = self._client.ask("PUT", "/api/v1/samples/{id}/verdict/", verdict, id=self.id)
        return act


class Samples:
    """`client.samples`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, id: int) -> Sample:
        return Sample(self._client, self._client.ask("GET", Sample.path, id=id))


class Pool(Resource[shapes.Pool]):
    """All candidates of a run."""

    noun, path = "pool", "/api/v1/pools/{id}/"

    @property
    def selections(self) -> list[Selection]:
        """Those that there are, the run's own first."""
        found = self._client.ask("GET", "/api/v1/pools/{id}/selections/", id=self.id)
        return [Selection(self._client, row) for row in sorted(found, key=lambda row: row["number"])]

    def samples(self, **filters: Any) -> Iterator[Sample]:
        """By label, standing, memorised, selection, kept, rating_from, rating_to, starred, area; by `sort`."""
        rows = self._client.each("/api/v1/pools/{id}/samples/", filters, id=self.id)
        return (Sample(self._client, row) for row in rows)

    def map(self) -> shapes.PoolMap:
        """Where a fixed part of the samples and of the training images lies, in columns; an area is a part of it."""
        found: shapes.PoolMap = self._client.ask("GET", "/api/v1/pools/{id}/map/", id=self.id)
        return found

    def select(self, sampler: str, budget: shapes.BudgetRequest, **more: Any) -> Selection:
        """Choose anew without training again. `more`: sampler_settings, seed."""
        body = {"sampler": sampler, "budget": budget, **more}
        row = self._client.ask("POST", "/api/v1/pools/{id}/selections/", body, id=self.id)
        return Selection(self._client, row)

    def decide(
        self, value: shapes.VerdictValue | None, ids: Sequence[int] | None = None, reason: str = "", **filter: Any
    ) -> shapes.Act:
        """The same verdict for many samples: these ids, or all that match the filter. None clears."""
        return self._judge({"value": value, "reason": reason}, ids, filter)

    def rate(self, rating: int, ids: Sequence[int] | None = None, **filter: Any) -> shapes.Act:
        """The same rating, 1 to 5, for many samples: these ids, or all that match the filter. 0 clears."""
        return self._judge({"rating": rating}, ids, filter)

    def star(self, starred: bool = True, ids: Sequence[int] | None = None, **filter: Any) -> shapes.Act:
        """This person's star on many samples: these ids, or all that match the filter. False takes it away."""
        return self._judge({"starred": starred}, ids, filter)

    def undo(self) -> shapes.Act:
        """Take back this person's last act in this pool."""
        act: shapes.Act = self._client.ask("POST", "/api/v1/pools/{id}/verdicts/undo/", id=self.id)
        return act

    def _judge(self, change: Mapping[str, Any], ids: Sequence[int] | None, filter: Mapping[str, Any]) -> shapes.Act:
        which = {"ids": list(ids)} if ids is not None else {"filter": filter}
        act: shapes.Act = self._client.ask("POST", "/api/v1/pools/{id}/verdicts/", {**change, **which}, id=self.id)
        return act


class Pools:
    """`client.pools`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, id: str) -> Pool:
        return Pool(self._client, self._client.ask("GET", Pool.path, id=id))

    def of(self, id: str | None, otherwise: str) -> Pool:
        """Raises: ConflictError, beginning with `otherwise`, when there is no pool yet."""
        if id is None:
            raise ConflictError(f"{otherwise} and has no pool of candidates yet.")
        return self.get(id)


def write_image(sample: Sample, out: Path, scale: int | None = None) -> Path:
    """Save the image of a sample; returns where."""
    target = out / f"{sample.id}.png" if out.is_dir() else out
    target.write_bytes(sample.image(scale))
    return target

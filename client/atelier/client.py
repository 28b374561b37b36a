"""The way in: `Client("https://atelier.lab", token)`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from atelier import shapes
from atelier.connection import Connection, environment_url
from atelier.datasets import Datasets
from atelier.errors import InvalidError, NotFoundError
from atelier.exports import Exports
from atelier.runs import Recipes, Runs
from atelier.samples import Pools, Samples, Selections
from atelier.studies import Studies


class Client:
    """One person at one service. Without arguments ATELIER_URL and ATELIER_TOKEN say which."""

    def __init__(self, url: str = "", token: str = "") -> None:
        self.connection = Connection(url or environment_url(), token or os.environ.get("ATELIER_TOKEN", ""))
        self.datasets = Datasets(self)
        self.recipes = Recipes(self)
        self.runs = Runs(self)
        self.pools = Pools(self)
        self.samples = Samples(self)
        self.selections = Selections(self)
        self.exports = Exports(self)
        self.studies = Studies(self)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **parts: Any,
    ) -> Any:
        """Any request of the API, for what has no method of its own here; see `Connection.ask`."""
        return self.connection.ask(method, path, body, query, headers, **parts)

    def each(self, path: str, query: Mapping[str, Any] | None = None, **parts: Any) -> Iterator[Any]:
        """Every row of a list of the API."""
        return self.connection.each(path, query, **parts)

    def session(self) -> shapes.Session:
        """Who this is, and in which labs."""
        found: shapes.Session = self.ask("GET", "/api/v1/session/")
        return found

    def lab_id(self, lab: str | None = None) -> str:
        """The id of a lab by its name or id; without one, of the person's only lab.

        Raises: NotFoundError; InvalidError when there are several to choose from.
        """
        labs = self.session()["labs"]
        names = ", ".join(repr(one["name"]) for one in labs)
        if lab is None and len(labs) > 1:
            raise InvalidError(f"You are in several labs ({names}); say which.")
        found = [one for one in labs if lab is None or lab in (one["id"], one["name"])]
        if not found:
            raise NotFoundError(f"There is no lab {lab!r} of yours; yours are {names or 'none'}.")
        return found[0]["id"]

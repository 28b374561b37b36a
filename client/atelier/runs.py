"""Recipes and runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from atelier import shapes
from atelier.resource import Resource, Work
from atelier.samples import Pool

if TYPE_CHECKING:
    from typing_extensions import Self

    from atelier.client import Client

END_STATES = frozenset({"finished", "stopped", "failed", "cancelled"})


class Recipe(Resource[shapes.Recipe]):
    """A model, a sampler and a budget, kept under a number."""

    noun, path = "recipe", "/api/v1/recipes/{id}/"


class Recipes:
    """`client.recipes`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, lab: str | None = None) -> Iterator[Recipe]:
        """Those of a lab, or of all the person's labs, the newest first."""
        query = {"lab": self._client.lab_id(lab) if lab else None}
        return (Recipe(self._client, row) for row in self._client.each("/api/v1/recipes/", query))

    def get(self, id: str) -> Recipe:
        return Recipe(self._client, self._client.ask("GET", Recipe.path, id=id))

    def create(self, recipe: shapes.NewRecipeRequest, lab: str | None = None) -> Recipe:
        """Keep a recipe in a lab; the person's only one unless named."""
        query = {"lab": self._client.lab_id(lab)}
        return Recipe(self._client, self._client.ask("POST", "/api/v1/recipes/", recipe, query))

    def catalogue(self) -> shapes.Catalogue:
        """Models, samplers, metrics, dataset kinds and export formats with the JSON Schema of their settings."""
        found: shapes.Catalogue = self._client.ask("GET", "/api/v1/catalogue/")
        return found

    def template(self, model: str = "dcgan", sampler: str = "class_confidence") -> dict[str, Any]:
        """A recipe of these two with every setting at its default, to be changed and sent back.

        Raises: NotFoundError when the service has no such model or sampler.
        """
        catalogue = self.catalogue()
        return {
            "model": model,
            "model_settings": _defaults(catalogue["models"], "model", model),
            "sampler": sampler,
            "sampler_settings": _defaults(catalogue["samplers"], "sampler", sampler),
            "budget": {"kind": "per_class", "count": 100},
            "pool_factor": 4.0,
            "seed": 0,
        }


class Run(Work[shapes.Run]):
    """A recipe at work on a dataset version."""

    noun, path = "run", "/api/v1/runs/{id}/"
    good = frozenset({"finished"})
    settled = END_STATES

    def stop(self) -> Self:
        """End at the next step and keep a checkpoint; `resume` goes on from there."""
        return self._told(self._client.ask("POST", "/api/v1/runs/{id}/stop/", id=self.id))

    def cancel(self) -> Self:
        """End at once and for good."""
        return self._told(self._client.ask("POST", "/api/v1/runs/{id}/cancel/", id=self.id))

    def resume(self, compute: shapes.ComputeRequest | None = None) -> Self:
        """Go on from the last checkpoint, computed another way if asked."""
        body = {} if compute is None else {"compute": compute}
        return self._told(self._client.ask("POST", "/api/v1/runs/{id}/resume/", body, id=self.id))

    def finish(self) -> Self:
        """End training early; the best checkpoint makes the images."""
        return self._told(self._client.ask("POST", "/api/v1/runs/{id}/finish/", id=self.id))

    def retry(self) -> Run:
        """A new run of the same recipe from the beginning."""
        return Run(self._client, self._client.ask("POST", "/api/v1/runs/{id}/retry/", id=self.id))

    def events(self, since: int = 0) -> shapes.History:
        """What the run said after the event numbered `since`."""
        found: shapes.History = self._client.ask("GET", "/api/v1/runs/{id}/events/", query={"since": since}, id=self.id)
        return found

    def scalars(self) -> shapes.Scalars:
        """The curves."""
        found: shapes.Scalars = self._client.ask("GET", "/api/v1/runs/{id}/scalars/", id=self.id)
        return found

    def checkpoints(self) -> list[shapes.Checkpoint]:
        """What another run may start from."""
        found: list[shapes.Checkpoint] = self._client.ask("GET", "/api/v1/runs/{id}/checkpoints/", id=self.id)
        return found

    def pool(self) -> Pool:
        """The candidates that the finished run made.

        Raises: ConflictError before there is one.
        """
        return self._client.pools.of(self.data["pool"], f"The run {self.name} is {self.status}")

    def _told(self, row: shapes.Run) -> Self:
        self.data = row
        return self


class Runs:
    """`client.runs`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, state: str | None = None, version: str | None = None, lab: str | None = None) -> Iterator[Run]:
        """The newest first. A row of the list has fewer fields than `get` gives; `refresh` brings the others."""
        query = {"state": state, "version": version, "lab": self._client.lab_id(lab) if lab else None}
        return (Run(self._client, row) for row in self._client.each("/api/v1/runs/", query))

    def get(self, id: str) -> Run:
        return Run(self._client, self._client.ask("GET", Run.path, id=id))

    def start(self, version: str, recipe: shapes.NewRecipeRequest | str, **more: Any) -> Run:
        """Start a recipe, or the saved recipe of this id, on a dataset version. `more`: name, start, compute.

        Asked again after a lost answer, the service gives the same run and starts no second one.
        """
        chosen = {"recipe_id": recipe} if isinstance(recipe, str) else {"recipe": recipe}
        body = {"version": version, **chosen, **{key: value for key, value in more.items() if value is not None}}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return Run(self._client, self._client.ask("POST", "/api/v1/runs/", body, headers=headers))

    def validate(self, version: str, recipe: shapes.NewRecipeRequest) -> shapes.Validation:
        """What speaks against the recipe on this version, and what it would make; starts nothing."""
        body = {"version": version, "recipe": recipe}
        found: shapes.Validation = self._client.ask("POST", "/api/v1/runs/validate/", body)
        return found

    def memory(self, version: str, recipe: shapes.NewRecipeRequest) -> shapes.Memory:
        """How much memory the training would need, and what is free."""
        found: shapes.Memory = self._client.ask("POST", "/api/v1/runs/memory/", {"version": version, "recipe": recipe})
        return found


def _defaults(plugins: Any, noun: str, name: str) -> dict[str, Any]:
    from atelier.errors import NotFoundError

    for plugin in plugins:
        if plugin["name"] == name:
            properties = plugin["schema"].get("properties", {})
            return {key: field["default"] for key, field in properties.items() if "default" in field}
    known = ", ".join(plugin["name"] for plugin in plugins)
    raise NotFoundError(f"There is no {noun} {name!r}; the service has {known}.")

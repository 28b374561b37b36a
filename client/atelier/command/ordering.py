"""What the command line says of a recipe and a budget, as the API wants it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from atelier.command.verb import pairs, read_json_argument
from atelier.errors import InvalidError


def add_recipe_arguments(parser: ArgumentParser) -> None:
    """Everything that makes a recipe; the words are those of `manage.py augment`."""
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--recipe", metavar="JSON|@FILE", help="a recipe as JSON; the other options change it")
    recipe.add_argument("--model", help="generative model (default: dcgan)")
    recipe.add_argument("--sampler", help="sampler that chooses what is kept (default: class_confidence)")
    recipe.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the model")
    recipe.add_argument("--sampler-set", action="append", default=[], metavar="NAME=VALUE", help="one of the sampler")
    recipe.add_argument("--pool-factor", type=float, metavar="N", help="candidates per image asked for (default: 4)")
    recipe.add_argument("--seed", type=int, help="seed of training and choice (default: 0)")
    add_budget_arguments(parser)


def add_budget_arguments(parser: ArgumentParser) -> None:
    """How many images."""
    group = parser.add_argument_group("how many synthetic images (one of these)").add_mutually_exclusive_group()
    group.add_argument("--per-class", type=int, metavar="N", help="N for each class")
    group.add_argument("--fill", action="store_true", help="as many as fill each class up to the largest")
    group.add_argument("--fill-to", type=int, metavar="N", help="fill each class up to N, real and synthetic")
    group.add_argument("--times", type=float, metavar="F", help="F times as many as each class has")
    group.add_argument("--counts", action="append", metavar="CLASS=N", help="N for this class; may be repeated")


def recipe_of(typed: Namespace) -> Any:
    """The recipe's values.

    Raises: InvalidError.
    """
    recipe = read_json_argument(typed.recipe, "--recipe") if typed.recipe else {}
    if not isinstance(recipe, dict):
        raise InvalidError("--recipe: expected one JSON object, as `atelier recipe template` prints it.")
    recipe = {"model": "dcgan", "sampler": "class_confidence", **recipe}
    for key in ("model", "sampler", "pool_factor", "seed"):
        if (value := getattr(typed, key)) is not None:
            recipe[key] = value
    for key, option in (("model_settings", "set"), ("sampler_settings", "sampler_set")):
        recipe[key] = {**recipe.get(key, {}), **pairs(getattr(typed, option), "--" + option.replace("_", "-"))}
    if (budget := budget_of(typed)) is not None:
        recipe["budget"] = budget
    if "budget" not in recipe:
        ways = "--per-class N, --fill, --fill-to N, --times F or --counts CLASS=N"
        raise InvalidError(f"Say how many synthetic images are wanted: {ways}.", "usage")
    return recipe


def budget_of(typed: Namespace) -> Any:
    """The budget, None where none was typed.

    Raises: InvalidError.
    """
    if typed.per_class is not None:
        return {"kind": "per_class", "count": typed.per_class}
    if typed.fill:
        return {"kind": "fill_to_largest"}
    if typed.fill_to is not None:
        return {"kind": "fill_to", "count": typed.fill_to}
    if typed.times is not None:
        return {"kind": "multiple", "factor": typed.times}
    if typed.counts:
        return {"kind": "counts", "counts": pairs(typed.counts, "--counts")}
    return None

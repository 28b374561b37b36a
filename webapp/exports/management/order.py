"""What the command line asks for, as a recipe and a place for the result."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

RECIPE_KEYS = {"name", "model", "model_settings", "sampler", "sampler_settings", "budget", "pool_factor", "seed"}


def add_recipe_arguments(parser: ArgumentParser) -> None:
    """Everything that makes a recipe."""
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--model", help="generative model, as `python -m ml list` names them (default: dcgan)")
    recipe.add_argument("--sampler", help="sampler that chooses what is kept (default: class_confidence)")
    recipe.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the model")
    recipe.add_argument("--sampler-set", action="append", default=[], metavar="NAME=VALUE", help="one of the sampler")
    recipe.add_argument("--pool-factor", type=float, metavar="N", help="candidates per image asked for (default: 4)")
    recipe.add_argument("--seed", type=int, help="seed of training and choice (default: 0)")
    recipe.add_argument("--recipe", type=Path, metavar="FILE", help="a recipe as JSON; the other options change it")
    budget = parser.add_argument_group("how many synthetic images (one of these)").add_mutually_exclusive_group()
    budget.add_argument("--per-class", type=int, metavar="N", help="N for each class")
    budget.add_argument("--fill", action="store_true", help="as many as fill each class up to the largest")
    budget.add_argument("--fill-to", type=int, metavar="N", help="fill each class up to N, real and synthetic")
    budget.add_argument("--times", type=float, metavar="F", help="F times as many as each class has")
    budget.add_argument("--counts", action="append", metavar="CLASS=N", help="N for this class; may be repeated")


def recipe_of(options: dict[str, Any]) -> dict[str, Any]:
    """The recipe's values.

    Raises: CommandError, in one sentence.
    """
    recipe = _read_file(options["recipe"]) if options["recipe"] else {}
    recipe.setdefault("model", "dcgan")
    recipe.setdefault("sampler", "class_confidence")
    for key in ("model", "sampler", "pool_factor", "seed"):
        if options[key] is not None:
            recipe[key] = options[key]
    for key, option in (("model_settings", "set"), ("sampler_settings", "sampler_set")):
        recipe[key] = {**recipe.get(key, {}), **_pairs(options[option], "--" + option.replace("_", "-"))}
    if budget := _budget(options):
        recipe["budget"] = budget
    if "budget" not in recipe:
        ways = "--per-class N, --fill, --fill-to N, --times F or --counts …"
        raise CommandError(f"Say how many synthetic images are wanted: {ways}")
    return {"pool_factor": 4.0, "seed": 0, "name": "", **recipe}


def _budget(options: dict[str, Any]) -> dict[str, Any] | None:
    if options["per_class"] is not None:
        return {"kind": "per_class", "count": options["per_class"]}
    if options["fill"]:
        return {"kind": "fill_to_largest"}
    if options["fill_to"] is not None:
        return {"kind": "fill_to", "count": options["fill_to"]}
    if options["times"] is not None:
        return {"kind": "multiple", "factor": options["times"]}
    if options["counts"]:
        return {"kind": "counts", "counts": _pairs(options["counts"], "--counts")}
    return None


def _pairs(texts: list[str], option: str) -> dict[str, Any]:
    """NAME=VALUE each; a value that is JSON (a number, true, "text") is read as such, any other is text."""
    values: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not name or not sign:
            raise CommandError(f"{option} {text}: expected NAME=VALUE.")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return values


def _read_file(path: Path) -> dict[str, Any]:
    try:
        recipe = json.loads(path.read_text())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CommandError(f"{path} holds no JSON: {error}.") from error
    if not isinstance(recipe, dict) or (unknown := set(recipe) - RECIPE_KEYS):
        found = f"the unknown {', '.join(sorted(unknown))}" if isinstance(recipe, dict) else "no object"
        raise CommandError(f"{path} holds {found}; a recipe has {', '.join(sorted(RECIPE_KEYS))}.")
    return recipe


def source_of(folder: Path) -> Path:
    """The source of the images, as an absolute path.

    Raises: CommandError when there is nothing to read.
    """
    if not folder.exists():
        raise CommandError(
            f"{folder} does not exist; name a folder with one folder of images per class, or a zip of one."
        )
    if folder.is_dir() and not any(folder.iterdir()):
        raise CommandError(f"{folder} is empty; expected one folder of images per class.")
    return folder.resolve()


def target_of(out: Path) -> Path:
    """Where the result goes, as an absolute path; checked before the work, which may take hours.

    Raises: CommandError.
    """
    out = out.expanduser()
    if out.is_dir():
        raise CommandError(f"{out} is a folder; name the file to write, for example {out / 'augmented.zip'}.")
    if not out.parent.is_dir():
        raise CommandError(
            f"{out.parent} does not exist, so {out.name} cannot be written there; make the folder first."
        )
    return out.resolve()

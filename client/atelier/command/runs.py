"""`atelier recipe` and `atelier run`."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from atelier.command.ordering import add_recipe_arguments, recipe_of
from atelier.command.printing import clean
from atelier.command.verb import Session, Shown, Verb, add_lab, add_limit, add_waiting, first, takes_id
from atelier.errors import InvalidError
from atelier.resource import LOOK_EVERY_S
from atelier.runs import Run

COLUMNS = ("id", "name", "state", "dataset_name", "version_number", "model", "sampler", "step", "num_steps")
FACTS = (*COLUMNS, "stage_progress", "eta_s", "device", "queue_position", "pool", "actions", "error.message")
RECIPE_COLUMNS = ("id", "number", "name", "model", "sampler", "budget", "seed")


# --- recipe -----------------------------------------------------------------------------------------------------
def list_recipes(session: Session) -> Shown:
    """Saved recipes."""
    return Shown(first(session.client.recipes.list(session.typed.lab), session.typed.limit), RECIPE_COLUMNS)


def show_recipe(session: Session) -> Shown:
    """A recipe with all its settings."""
    data = session.client.recipes.get(session.typed.id).data
    return Shown(data, text=json.dumps(data, ensure_ascii=False, indent=2))


def template(session: Session) -> Shown:
    """A recipe with every default, as JSON in either case: it is there to be edited."""
    data = session.client.recipes.template(session.typed.model, session.typed.sampler)
    return Shown(data, text=json.dumps(data, ensure_ascii=False, indent=2))


def create_recipe(session: Session) -> Shown:
    """Save a recipe."""
    recipe = session.client.recipes.create(recipe_of(session.typed), session.typed.lab)
    return Shown(recipe.data, RECIPE_COLUMNS)


def validate(session: Session) -> Shown:
    """Whether a recipe can run on a version."""
    found = session.client.runs.validate(_version_of(session), recipe_of(session.typed))
    if found["problems"]:
        fields = {problem["field"]: [problem["message"]] for problem in found["problems"]}
        sentence = " ".join(f"{problem['field']}: {problem['message']}" for problem in found["problems"])
        raise InvalidError(sentence, "invalid_recipe", fields=fields)
    estimate = found["estimate"]
    return Shown(found, text=f"It can run: {estimate['num_candidates']:,} candidates." if estimate else "It can run.")


# --- run --------------------------------------------------------------------------------------------------------
def list_runs(session: Session) -> Shown:
    """The runs of the person's labs."""
    typed = session.typed
    return Shown(first(session.client.runs.list(typed.state, typed.version_id, typed.lab), typed.limit), COLUMNS)


def get(session: Session) -> Shown:
    """A run."""
    return Shown(_run(session).data, FACTS)


def start(session: Session) -> Shown:
    """Start a recipe on a dataset's version."""
    typed = session.typed
    recipe: Any = typed.recipe_id or recipe_of(typed)
    run = session.client.runs.start(_version_of(session), recipe, name=typed.run_name)
    if typed.wait and not typed.json:
        session.progress.show("Queued", 0, 0, str(run.id))
    return Shown(session.wait(run).data, FACTS)


def wait(session: Session) -> Shown:
    """Until a run is finished."""
    return Shown(session.wait(_run(session)).data, FACTS)


def watch(session: Session) -> None:
    """Print what the run says, as it says it, until it is settled; one JSON object a line with --json."""
    run, since = _run(session), session.typed.since
    while True:
        was_settled = run.refresh().is_settled
        since = _print_events(session, run, since)
        if was_settled:
            return
        time.sleep(LOOK_EVERY_S)


def logs(session: Session) -> None:
    """What the run said until now."""
    _print_events(session, _run(session), session.typed.since)


def stop(session: Session) -> Shown:
    return Shown(_run(session).stop().data, FACTS)


def cancel(session: Session) -> Shown:
    return Shown(_run(session).cancel().data, FACTS)


def finish(session: Session) -> Shown:
    return Shown(_run(session).finish().data, FACTS)


def resume(session: Session) -> Shown:
    return Shown(session.wait(_run(session).resume()).data, FACTS)


def retry(session: Session) -> Shown:
    return Shown(session.wait(_run(session).retry()).data, FACTS)


def _run(session: Session) -> Run:
    return session.client.runs.get(session.typed.id)


def _version_of(session: Session) -> str:
    typed = session.typed
    return str(session.client.datasets.get(typed.dataset, typed.lab).version(typed.number).id)


def _print_events(session: Session, run: Run, since: int) -> int:
    """Every event after `since`; returns the number of the last one."""
    while True:
        found = run.events(since)
        for event in found["results"]:
            if session.typed.json:
                print(json.dumps(event, ensure_ascii=False), flush=True)
            else:
                print(clean(f"{event['ts'][:19]}  {event['type']:<17} {_in_words(event)}"), flush=True)
            since = max(since, event["seq"] or since)
        if not found["results"] or since >= found["last_seq"]:
            return since


def _in_words(event: Any) -> str:
    data = event["data"]
    if event["type"] == "run.progressed":
        return f"{data['stage']} {data['step']:,} of {data['num_steps']:,}"
    if event["type"] == "run.changed":
        return f"{data['state']} {data['error_message']}".strip()
    if event["type"] == "run.warned":
        return str(data["message"])
    if event["type"] == "run.measured":
        values = {name: one["value"] for name, one in data["values"].items()}
        return ", ".join(f"{name} {value:.4g}" for name, value in values.items() if value is not None)
    if event["type"] == "run.checkpointed":
        return f"step {data['step']:,}{', the best so far' if data['is_best'] else ''}"
    return ", ".join(f"{key} {value}" for key, value in data.items() if isinstance(value, str | int | float))


# --- arguments --------------------------------------------------------------------------------------------------
def _takes_dataset_version(parser: ArgumentParser) -> None:
    parser.add_argument("dataset", help="name or id of the dataset")
    parser.add_argument("--number", type=int, metavar="N", help="number of its version (default: the newest)")
    add_lab(parser)


def _takes_start(parser: ArgumentParser) -> None:
    _takes_dataset_version(parser)
    parser.add_argument("--name", dest="run_name", help="name of the run")
    add_recipe_arguments(parser)
    parser.add_argument("--recipe-id", metavar="ID", help="a saved recipe instead")
    add_waiting(parser, wait=False)


def _takes_validate(parser: ArgumentParser) -> None:
    _takes_dataset_version(parser)
    add_recipe_arguments(parser)


def _takes_list(parser: ArgumentParser) -> None:
    add_lab(parser)
    add_limit(parser)


def _takes_run_list(parser: ArgumentParser) -> None:
    _takes_list(parser)
    parser.add_argument("--state", help="only runs in this state")
    parser.add_argument("--version-id", metavar="ID", help="only runs on this dataset version")


def _takes_template(parser: ArgumentParser) -> None:
    parser.add_argument("--model", default="dcgan", help="default: dcgan")
    parser.add_argument("--sampler", default="class_confidence", help="default: class_confidence")


def _takes_recipe(parser: ArgumentParser) -> None:
    add_recipe_arguments(parser)
    add_lab(parser)


def _takes_events(parser: ArgumentParser) -> None:
    takes_id("run")(parser)
    parser.add_argument("--since", type=int, default=0, metavar="SEQ", help="only what was said after this number")


def _takes_wait(parser: ArgumentParser) -> None:
    takes_id("run")(parser)
    add_waiting(parser, wait=True)


def _takes_again(parser: ArgumentParser) -> None:
    takes_id("run")(parser)
    add_waiting(parser, wait=False)


RECIPE_VERBS = [
    Verb("list", "saved recipes", list_recipes, _takes_list),
    Verb("show", "a recipe with all its settings", show_recipe, takes_id("recipe")),
    Verb("template", "a recipe with every default, to be edited", template, _takes_template),
    Verb("create", "save a recipe", create_recipe, _takes_recipe),
    Verb("validate", "say whether a recipe can run on a dataset", validate, _takes_validate),
]
VERBS = [
    Verb("start", "start a recipe on a dataset", start, _takes_start),
    Verb("list", "the runs of your labs", list_runs, _takes_run_list),
    Verb("get", "a run", get, takes_id("run")),
    Verb("watch", "print what a run says until it ends", watch, _takes_events),
    Verb("wait", "wait until a run is finished", wait, _takes_wait),
    Verb("logs", "what a run said until now", logs, _takes_events),
    Verb("stop", "end at the next step and keep a checkpoint", stop, takes_id("run")),
    Verb("cancel", "end at once and for good", cancel, takes_id("run")),
    Verb("resume", "go on from the last checkpoint", resume, _takes_again),
    Verb("finish", "end training early; the best checkpoint makes the images", finish, takes_id("run")),
    Verb("retry", "the same again from the beginning, as a new run", retry, _takes_again),
]

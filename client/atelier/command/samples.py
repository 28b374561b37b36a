"""`atelier sample` and `atelier selection`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from atelier.command.ordering import add_budget_arguments, budget_of
from atelier.command.verb import Session, Shown, Verb, add_limit, add_waiting, first, pairs, takes_id
from atelier.errors import InvalidError
from atelier.samples import Pool, write_image

COLUMNS = ("id", "index", "label", "standing", "verdict", "rating", "memorised", "nearest_distance", "scores")
ACT_COLUMNS = ("num_changed", "num_accepted", "num_rejected")
FILTERS = ("label", "standing", "selection", "kept", "memorised", "starred", "rating_from", "rating_to")
SELECTION_COLUMNS = ("id", "number", "state", "sampler", "budget", "num_kept", "seed", "error.message")


# --- sample -----------------------------------------------------------------------------------------------------
def list_samples(session: Session) -> Shown:
    """The samples of a run."""
    typed = session.typed
    pool = _pool(session)
    rows = pool.samples(**_filter(session, pool), sort=typed.sort)
    return Shown(first(rows, typed.limit), COLUMNS)


def accept(session: Session) -> Shown:
    pool, which = _meant(session)
    return Shown(pool.decide("accept", **which), ACT_COLUMNS)


def reject(session: Session) -> Shown:
    pool, which = _meant(session)
    return Shown(pool.decide("reject", reason=session.typed.reason, **which), ACT_COLUMNS)


def clear(session: Session) -> Shown:
    pool, which = _meant(session)
    return Shown(pool.decide(None, **which), ACT_COLUMNS)


def rate(session: Session) -> Shown:
    """Rate samples from 1 to 5."""
    pool, which = _meant(session)
    return Shown(pool.rate(session.typed.rating, **which), ACT_COLUMNS)


def star(session: Session) -> Shown:
    """Star samples for oneself."""
    pool, which = _meant(session)
    return Shown(pool.star(not session.typed.off, **which), ACT_COLUMNS)


def undo(session: Session) -> Shown:
    return Shown(_pool(session).undo(), ACT_COLUMNS)


def image(session: Session) -> Shown:
    """Save the image of a sample."""
    typed = session.typed
    path = write_image(session.client.samples.get(typed.id), Path(typed.out), typed.scale)
    return Shown({"file": str(path)}, text=str(path))


def _pool(session: Session) -> Pool:
    return session.client.runs.get(session.typed.run).pool()


def _filter(session: Session, pool: Pool) -> dict[str, Any]:
    """What was typed. --kept without --selection means the run's own one: the service knows it of a selection only."""
    typed = session.typed
    if typed.kept is not None and typed.selection is None:
        typed.selection = pool.selections[0].id
    found = {name: getattr(typed, name) for name in FILTERS}
    return {name: value for name, value in found.items() if value is not None}


def _meant(session: Session) -> tuple[Pool, dict[str, Any]]:
    """The pool, and the samples by ids or by the filter; everything at once only when --all says so."""
    typed, pool = session.typed, _pool(session)
    filter = _filter(session, pool)
    if bool(typed.ids) == bool(filter or typed.all):
        raise InvalidError("Name the ids of samples, or a filter, or --all; one of the three.", "usage")
    return pool, {"ids": typed.ids} if typed.ids else filter


# --- selection --------------------------------------------------------------------------------------------------
def list_selections(session: Session) -> Shown:
    """The selections of a run."""
    return Shown([selection.data for selection in _pool(session).selections], SELECTION_COLUMNS)


def get_selection(session: Session) -> Shown:
    return Shown(session.client.selections.get(session.typed.id).data, SELECTION_COLUMNS)


def create_selection(session: Session) -> Shown:
    """Choose anew from a run's pool."""
    typed, budget = session.typed, budget_of(session.typed)
    if budget is None:
        raise InvalidError("Say how many images are wanted: --per-class N, --fill, --times F, …", "usage")
    settings = pairs(typed.sampler_set, "--sampler-set")
    selection = _pool(session).select(typed.sampler, budget, sampler_settings=settings, seed=typed.seed)
    return Shown(session.wait(selection).data, SELECTION_COLUMNS)


# --- arguments --------------------------------------------------------------------------------------------------
def _takes_run(parser: ArgumentParser) -> None:
    parser.add_argument("run", help="id of the run")


def _takes_filter(parser: ArgumentParser) -> None:
    parser.add_argument("--label", help="only this class")
    parser.add_argument("--standing", choices=("undecided", "accepted", "rejected"), help="only these")
    parser.add_argument("--selection", metavar="ID", help="the selection that --kept means (default: the run's own)")
    for name, about in (
        ("kept", "chosen by the selection"),
        ("memorised", "too near to a training image"),
        ("starred", "with your star"),
    ):
        group = parser.add_mutually_exclusive_group()
        group.add_argument(f"--{name}", action="store_true", default=None, help=f"only those {about}")
        group.add_argument(f"--not-{name}", dest=name, action="store_false", default=None, help="only the others")
    for bound, about in (("from", "at least"), ("to", "at most")):
        words = f"only those that people rate so in the mean, {about}"
        parser.add_argument(f"--rating-{bound}", type=float, metavar="N", help=words)


def _takes_list(parser: ArgumentParser) -> None:
    _takes_run(parser)
    _takes_filter(parser)
    parser.add_argument("--sort", help="index, rating or score:NAME; with - in front from the highest down")
    add_limit(parser)


def _takes_samples(parser: ArgumentParser) -> None:
    _takes_run(parser)
    parser.add_argument("ids", nargs="*", type=int, help="ids of samples; without them, all that match the filter")
    parser.add_argument("--all", action="store_true", help="every sample of the run")
    _takes_filter(parser)


def _takes_rejected(parser: ArgumentParser) -> None:
    _takes_samples(parser)
    parser.add_argument("--reason", default="", help="why")


def _takes_rated(parser: ArgumentParser) -> None:
    _takes_samples(parser)
    parser.add_argument("--rating", type=int, required=True, metavar="N", help="1 to 5; 0 takes your rating back")


def _takes_starred(parser: ArgumentParser) -> None:
    _takes_samples(parser)
    parser.add_argument("--off", action="store_true", help="take your star away")


def _takes_image(parser: ArgumentParser) -> None:
    parser.add_argument("id", type=int, help="id of the sample")
    parser.add_argument("--out", default=".", metavar="FILE", help="file or folder (default: here)")
    parser.add_argument("--scale", type=int, metavar="N", help="enlarge N times")


def _takes_selection(parser: ArgumentParser) -> None:
    _takes_run(parser)
    parser.add_argument("--sampler", required=True, help="the sampler that chooses")
    parser.add_argument("--sampler-set", action="append", default=[], metavar="NAME=VALUE", help="a setting of it")
    parser.add_argument("--seed", type=int, default=0, help="seed of the choice (default: 0)")
    add_budget_arguments(parser)
    add_waiting(parser, wait=True)


VERBS = [
    Verb("list", "the samples of a run", list_samples, _takes_list),
    Verb("accept", "accept samples", accept, _takes_samples),
    Verb("reject", "reject samples", reject, _takes_rejected),
    Verb("clear", "take your verdicts back", clear, _takes_samples),
    Verb("rate", "rate samples from 1 to 5", rate, _takes_rated),
    Verb("star", "star samples for yourself", star, _takes_starred),
    Verb("undo", "take back your last act in a run's pool", undo, _takes_run),
    Verb("image", "save the image of a sample", image, _takes_image),
]
SELECTION_VERBS = [
    Verb("list", "the selections of a run", list_selections, _takes_run),
    Verb("get", "a selection", get_selection, takes_id("selection")),
    Verb("create", "choose anew from a run's pool, without training again", create_selection, _takes_selection),
]

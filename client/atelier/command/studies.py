"""`atelier study`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from atelier.command.verb import Session, Shown, Verb, add_lab, add_limit, add_waiting, first, pairs, takes_id
from atelier.errors import InvalidError
from atelier.studies import Study

COLUMNS = ("id", "name", "question", "state", "dataset_name", "version_number", "model", "answer", "sentence")
MAX_SHOWN = 80
"""Signs of an art in a line: one may hold a matrix."""


def list_studies(session: Session) -> Shown:
    """The studies of the person's labs."""
    typed = session.typed
    return Shown(first(session.client.studies.list(typed.version_id, typed.lab), typed.limit), COLUMNS)


def get(session: Session) -> Shown:
    return _shown(_study(session))


def start(session: Session) -> Shown:
    """Ask whether synthetic images help on a dataset's version, or which way to edit its attributes works."""
    typed = session.typed
    study = session.client.studies.start(
        _version_of(session),
        typed.arms or _usual_arms(session),
        question=typed.question,
        model=typed.model,
        model_settings=pairs(typed.set, "--set"),
        pools=typed.pools,
        settings=pairs(typed.study_set, "--study-set"),
        name=typed.study_name,
    )
    return _shown(session.wait(study))


def wait(session: Session) -> Shown:
    return _shown(session.wait(_study(session)))


def stop(session: Session) -> Shown:
    return _shown(_study(session).stop())


def resume(session: Session) -> Shown:
    return _shown(session.wait(_study(session).resume()))


def cancel(session: Session) -> Shown:
    return _shown(_study(session).cancel())


def _study(session: Session) -> Study:
    return session.client.studies.get(session.typed.id)


def _version_of(session: Session) -> str:
    typed = session.typed
    if typed.version_id is not None:
        return str(typed.version_id)
    if typed.dataset is None:
        raise InvalidError("No dataset is named; give its name or id, or --version-id.")
    return str(session.client.datasets.get(typed.dataset, typed.lab).version(typed.number).id)


def _usual_arms(session: Session) -> list[str]:
    """Those of the preset; of attributes all that are published, but for word vectors, which a server may lack."""
    catalogue = session.client.recipes.catalogue()
    if session.typed.question == "attributes":
        lines = [art["line"] for art in catalogue["attribute_study"]["arts"]]
        return [line for line in lines if "word2vec" not in line]
    wanted, presets = session.typed.preset, catalogue["study"]["presets"]
    for preset in presets:
        if preset["name"] == wanted:
            return list(preset["arms"])
    known = ", ".join(preset["name"] for preset in presets)
    raise InvalidError(f"There is no preset {wanted!r}; the service has {known}.")


def _shown(study: Study) -> Shown:
    """One line for each arm, and the answer below; the whole row as JSON."""
    data: Any = study.data
    if data.get("attribute_result"):
        return Shown(data, text="\n".join([*_where_it_is(data), _table_of_arts(data["attribute_result"])]))
    result = data.get("result")
    if result is None:
        return Shown(data, (*COLUMNS, "progress.num_done", "progress.num_children", "error.message"))
    lines = [f"{'balanced accuracy':>18} {'gain':>8}  arm"]
    for arm in result["arms"]:
        gain = "" if arm["gain"] is None else f"{100 * arm['gain']['mean']:+.1f}"
        lines.append(f"{100 * arm['balanced_accuracy']['mean']:>16.1f} % {gain:>8}  {arm['name']}")
    return Shown(data, text="\n".join([*lines, result["sentence"]]))


def _where_it_is(data: Any) -> list[str]:
    """Of a study whose table is not whole: its state, how much is measured, and what went wrong."""
    if data["state"] == "finished":
        return []
    done = sum(art["num_seeds"] for art in data["attribute_result"]["arts"])
    number, error = len(data["arms"]) * data["settings"]["num_seeds"], data["error"]
    lines = [f"{data['state']}: {done} of {number} trainings are measured"]
    return [*lines, error["message"]] if error else lines


def _table_of_arts(result: Any) -> str:
    """The average of each art with its interval, and the sentence."""
    lines = [f"{'recognised':>12} {'95 %':>16} {'seeds':>6}  art"]
    for art in result["arts"]:
        mean, low, high = (art["average"][part] for part in ("mean", "low", "high"))
        share = "" if mean is None else f"{100 * mean:.1f} %"
        interval = "" if low is None else f"{100 * max(0.0, low):.1f} to {100 * min(1.0, high):.1f}"
        name = art["name"] if len(art["name"]) <= MAX_SHOWN else art["name"][: MAX_SHOWN - 1] + "…"
        lines.append(f"{share:>12} {interval:>16} {art['num_seeds']:>6}  {name}")
    return "\n".join([*lines, *filter(None, [result["sentence"]])])


def _takes_start(parser: ArgumentParser) -> None:
    parser.add_argument("dataset", nargs="?", help="name or id of the dataset")
    parser.add_argument("--number", type=int, metavar="N", help="number of its version (default: the newest)")
    parser.add_argument("--version-id", metavar="ID", help="a dataset version by its id instead")
    parser.add_argument(
        "--question",
        choices=("benefit", "attributes"),
        help="whether synthetic images help (the default), or which way to edit attributes works",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--arms",
        nargs="+",
        metavar="ARM",
        help="such as none balanced+geometric+random:1x@0.25, or of attributes fader stargan:condition_mode=diff",
    )
    which.add_argument("--preset", default="share", help="arms that the service names (default: share)")
    parser.add_argument("--model", help="default: dcgan")
    parser.add_argument("--pools", nargs="+", metavar="POOL", help="ids of pools that stand for generators instead")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the model, or of all arts"
    )
    parser.add_argument(
        "--study-set", action="append", default=[], metavar="NAME=VALUE", help="a setting such as num_child_seeds=5"
    )
    parser.add_argument("--name", dest="study_name", help="name of the study")
    add_lab(parser)
    add_waiting(parser, wait=False)


def _takes_list(parser: ArgumentParser) -> None:
    parser.add_argument("--version-id", metavar="ID", help="only studies of this dataset version")
    add_lab(parser)
    add_limit(parser)


def _takes_wait(parser: ArgumentParser) -> None:
    takes_id("study")(parser)
    add_waiting(parser, wait=True)


def _takes_resume(parser: ArgumentParser) -> None:
    takes_id("study")(parser)
    add_waiting(parser, wait=False)


VERBS = [
    Verb("start", "measure whether synthetic images help, or which way to edit works", start, _takes_start),
    Verb("list", "the studies of your labs", list_studies, _takes_list),
    Verb("get", "a study with its answer", get, takes_id("study")),
    Verb("wait", "wait until a study has its answer", wait, _takes_wait),
    Verb("stop", "end and keep what is trained", stop, takes_id("study")),
    Verb("resume", "train what is missing", resume, _takes_resume),
    Verb("cancel", "end at once and for good", cancel, takes_id("study")),
]

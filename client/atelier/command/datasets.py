"""`atelier dataset`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from atelier.command.verb import Session, Shown, Verb, add_lab, add_limit, add_waiting, first
from atelier.datasets import Dataset, DatasetVersion
from atelier.errors import ConflictError, InvalidError, NotFoundError

COLUMNS = ("id", "name", "kind", "created_at")
VERSION_COLUMNS = (
    "id",
    "number",
    "state",
    "num_images",
    "classes",
    "counts",
    "size_bytes",
    "outcomes",
    "error.message",
)


def list_all(session: Session) -> Shown:
    """The datasets of the person's labs."""
    typed = session.typed
    return Shown(first(session.client.datasets.list(typed.lab), typed.limit), COLUMNS)


def get(session: Session) -> Shown:
    """A dataset and its versions."""
    dataset = _found(session)
    lines = [f"{dataset.name} ({dataset.id})"]
    for version in dataset.versions:
        facts = version.data
        lines.append(f"  version {facts['number']}: {facts['state']}, {facts['num_images']:,} images ({facts['id']})")
    return Shown(dataset.data, text="\n".join(lines))


def upload(session: Session) -> Shown:
    """A folder or archive as a new dataset, or as the next version of the one of this name."""
    typed, path = session.typed, Path(session.typed.path)
    if not path.exists():
        raise InvalidError(f"{path} does not exist; name a folder with one folder of images per class, or a zip.")
    known = _known(session, typed.name or path.resolve().stem)
    if known is not None and not typed.add_version:
        raise ConflictError(
            f"The lab has a dataset called {known.name!r} already.", "name_taken", "Add a version: --add-version"
        )
    if known is not None:
        version = known.add_version(path, session.progress.show)
    else:
        version = session.client.datasets.upload(path, typed.name or "", typed.lab, session.progress.show).version()
    return _settled(session, version)


def create_version(session: Session) -> Shown:
    """The next version of a dataset that is there."""
    dataset = _found(session)
    return _settled(session, dataset.add_version(session.typed.path, session.progress.show))


def wait(session: Session) -> Shown:
    """Until a version is read."""
    return _settled(session, _version(session))


def download(session: Session) -> Shown:
    """The original images of a version."""
    folder = _version(session).download(session.typed.out, session.progress.show)
    return Shown({"folder": str(folder)}, text=str(folder))


def report(session: Session) -> Shown:
    """What became of each file."""
    rows = list(_version(session).report(session.typed.outcome))
    return Shown(rows, ("name", "outcome", "reason"))


def delete(session: Session) -> Shown:
    """Remove a dataset; asks for --yes."""
    dataset = _found(session)
    if not session.typed.yes:
        raise InvalidError(f"{dataset.name} would be removed with all its images.", "usage", "Mean it: --yes")
    dataset.delete()
    return Shown({"id": dataset.id}, text=f"{dataset.name} is removed.")


def _found(session: Session) -> Dataset:
    return session.client.datasets.get(session.typed.dataset, session.typed.lab)


def _known(session: Session, name: str) -> Dataset | None:
    lab = session.client.lab_id(session.typed.lab)
    try:
        return session.client.datasets.get(name, lab)
    except NotFoundError:
        return None


def _version(session: Session) -> DatasetVersion:
    return _found(session).version(session.typed.number)


def _settled(session: Session, version: DatasetVersion) -> Shown:
    return Shown(session.wait(version).data, VERSION_COLUMNS)


def _takes_dataset(parser: ArgumentParser) -> None:
    parser.add_argument("dataset", help="name or id of the dataset")
    add_lab(parser)


def _takes_version(parser: ArgumentParser) -> None:
    _takes_dataset(parser)
    parser.add_argument("--number", type=int, metavar="N", help="number of the version (default: the newest)")


def _takes_list(parser: ArgumentParser) -> None:
    add_lab(parser)
    add_limit(parser)


def _takes_upload(parser: ArgumentParser) -> None:
    parser.add_argument("path", help="a folder with one folder of images per class, or a zip of one")
    parser.add_argument("--name", help="name of the dataset (default: the folder's)")
    parser.add_argument("--add-version", action="store_true", help="a dataset of this name gets a further version")
    add_lab(parser)
    add_waiting(parser, wait=True)


def _takes_new_version(parser: ArgumentParser) -> None:
    parser.add_argument("create", choices=("create",), metavar="create", help="what to do: create")
    _takes_dataset(parser)
    parser.add_argument("path", help="a folder with one folder of images per class, or a zip of one")
    add_waiting(parser, wait=True)


def _takes_wait(parser: ArgumentParser) -> None:
    _takes_version(parser)
    add_waiting(parser, wait=True)


def _takes_download(parser: ArgumentParser) -> None:
    _takes_version(parser)
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to; what lies there already is kept")


def _takes_report(parser: ArgumentParser) -> None:
    _takes_version(parser)
    outcomes = ("accepted", "duplicate", "skipped", "failed")
    parser.add_argument("--outcome", choices=outcomes, help="only files that this became of")


def _takes_delete(parser: ArgumentParser) -> None:
    _takes_dataset(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")


VERBS = [
    Verb("list", "the datasets of your labs", list_all, _takes_list),
    Verb("get", "a dataset and its versions", get, _takes_dataset),
    Verb("upload", "send a folder or archive; the same command goes on after a break", upload, _takes_upload),
    Verb("version", "version create: send the next version of a dataset", create_version, _takes_new_version),
    Verb("wait", "wait until a version is read", wait, _takes_wait),
    Verb("download", "fetch the original images of a version", download, _takes_download),
    Verb("report", "what became of each file of a version", report, _takes_report),
    Verb("delete", "remove a dataset", delete, _takes_delete),
]

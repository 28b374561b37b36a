"""`atelier export`."""

from __future__ import annotations

from argparse import ArgumentParser

from atelier.command.verb import Session, Shown, Verb, add_limit, add_waiting, first, takes_id
from atelier.exports import Export

COLUMNS = (
    "id",
    "dataset_name",
    "format",
    "content",
    "state",
    "num_real",
    "num_synthetic",
    "size_bytes",
    "error.message",
)


def list_exports(session: Session) -> Shown:
    """The exports of the person's labs."""
    return Shown(first(session.client.exports.list(session.typed.run), session.typed.limit), COLUMNS)


def get(session: Session) -> Shown:
    return Shown(_export(session).data, COLUMNS)


def create(session: Session) -> Shown:
    """Build an export of a run's own selection, of another, or of a dataset version; with --out fetch it, too."""
    typed = session.typed
    selection = typed.selection
    if typed.run is not None:
        selection = session.client.runs.get(typed.run).pool().selections[0].id
    export = session.client.exports.create(
        selection,
        typed.format,
        typed.content,
        typed.accepted_only,
        typed.max_ratio,
        typed.version_id,
        typed.name,
        typed.memorised_reason,
    )
    if typed.out is not None:
        typed.wait = True
    session.wait(export)
    return _fetched(session, export) if typed.out is not None else Shown(export.data, COLUMNS)


def wait(session: Session) -> Shown:
    return Shown(session.wait(_export(session)).data, COLUMNS)


def download(session: Session) -> Shown:
    """Fetch the file; the same command goes on after a break."""
    return _fetched(session, session.wait(_export(session)))


def delete(session: Session) -> Shown:
    export = _export(session)
    export.delete()
    return Shown({"id": export.id}, text=f"{export.name} is removed.")


def _export(session: Session) -> Export:
    return session.client.exports.get(session.typed.id)


def _fetched(session: Session, export: Export) -> Shown:
    path = export.download(session.typed.out, session.progress.show)
    return Shown({**export.data, "file": str(path)}, text=str(path))


def _takes_list(parser: ArgumentParser) -> None:
    parser.add_argument("--run", metavar="ID", help="only this run's")
    add_limit(parser)


def _takes_create(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("run", nargs="?", help="id of a run, whose own selection is exported")
    which.add_argument("--selection", metavar="ID", help="another selection")
    which.add_argument("--version-id", metavar="ID", help="a dataset version as it is, without synthetic images")
    parser.add_argument("--format", default="image_folder", help="export format (default: image_folder)")
    parser.add_argument(
        "--content", default="both", choices=("both", "real", "synthetic"), help="which images it holds"
    )
    parser.add_argument("--accepted-only", action="store_true", help="of the synthetic images only accepted ones")
    parser.add_argument(
        "--max-ratio", type=float, metavar="R", help="synthetic images of a class, at most R times its real ones"
    )
    parser.add_argument(
        "--memorised-reason", default="", metavar="TEXT", help="why more near-copies may go out than the lab allows"
    )
    parser.add_argument("--name", default="", help="a name for it")
    parser.add_argument("--out", metavar="FILE", help="fetch it, too: a file or a folder")
    add_waiting(parser, wait=True)


def _takes_download(parser: ArgumentParser) -> None:
    takes_id("export")(parser)
    parser.add_argument("--out", default=".", metavar="FILE", help="file or folder (default: here)")
    add_waiting(parser, wait=True)


def _takes_wait(parser: ArgumentParser) -> None:
    takes_id("export")(parser)
    add_waiting(parser, wait=True)


VERBS = [
    Verb("list", "the exports of your labs", list_exports, _takes_list),
    Verb("get", "an export", get, takes_id("export")),
    Verb("create", "build an export of a run", create, _takes_create),
    Verb("wait", "wait until an export is ready", wait, _takes_wait),
    Verb("download", "fetch an export; the same command goes on after a break", download, _takes_download),
    Verb("delete", "remove an export, or give up building it", delete, takes_id("export")),
]

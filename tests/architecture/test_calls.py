"""What no line of the product does, because a way around it is unsafe or is held in one place."""

import ast
import re

import pytest

from tests.architecture.source import ROOT, dotted, keyword, sources

PYTHON = sources()
SERVER = sources("ml", "webapp", "workers")
CATCHES_EVERYTHING: dict[str, str] = {
    "ml/decode_child.py": "on hostile bytes a decoder raises anything; the file is reported and the next one read",
    "ml/inception.py": "on a foreign file torch.load raises anything; it becomes a sentence, and the run goes on",
    "ml/vgg.py": "on a foreign file torch.load raises anything; it becomes a sentence",
    "webapp/core/events.py": "a live event that could not be sent must not end the thread that sends the others",
    "webapp/datasets/tus.py": "requests that never reach Django's own handler: the sender gets the one shape",
    "workers/supervisor.py": "a defect in the worker must end the child and count as an attempt",
}
"""File -> why it may catch every exception: an edge where a defect becomes a sentence and a log entry."""


def callers(*names: str) -> list[str]:
    """Every call whose dotted name ends with one of `names`."""
    return [
        f"{source.name}:{call.lineno}"
        for source in PYTHON
        for name, call in source.calls()
        if any(name == wanted or name.endswith(f".{wanted}") for wanted in names)
    ]


def test_work_is_started_through_the_queue_only() -> None:
    started = callers("delay", "apply_async", "send_task")
    assert [place for place in started if not place.startswith("webapp/core/queue.py")] == []


def test_nothing_is_pickled() -> None:
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
    assert [source.name for source in PYTHON if source.imports() & forbidden] == []


def test_no_file_of_tensors_or_arrays_is_read_as_a_pickle() -> None:
    wrong = []
    for source in PYTHON:
        for name, call in source.calls():
            unsafe_torch = name == "torch.load" and keyword(call, "weights_only") is not True
            if unsafe_torch or name == "torch.save" or keyword(call, "allow_pickle") is True:
                wrong.append(f"{source.name}:{call.lineno}")
    assert wrong == []


def test_no_archive_is_extracted_as_a_whole() -> None:
    assert callers("extractall", "unpack_archive") == []


def test_no_command_goes_through_a_shell() -> None:
    through_shell = [
        f"{source.name}:{call.lineno}"
        for source in PYTHON
        for _, call in source.calls()
        if keyword(call, "shell") is True
    ]
    assert through_shell + callers("os.system", "os.popen") == []


def test_no_text_becomes_code_or_trusted_markup() -> None:
    code = [
        f"{source.name}:{call.lineno}"
        for source in PYTHON
        for name, call in source.calls()
        if name in {"eval", "exec", "compile"}
    ]
    assert code + callers("mark_safe", "SafeString") == []


def test_nothing_in_the_front_end_becomes_trusted_markup() -> None:
    trusted = re.compile(r"dangerouslySetInnerHTML|\.innerHTML\b|\beval\(|new Function\(")
    pages = [path for path in (ROOT / "frontend" / "src").rglob("*.ts*") if trusted.search(path.read_text())]
    assert [path.relative_to(ROOT).as_posix() for path in pages] == []


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(kind) in {"Exception", "BaseException"} for kind in kinds)


def test_every_exception_is_caught_at_the_edges_only() -> None:
    found = {
        source.name
        for source in PYTHON
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node) and not _raises_again(node)
    }
    assert found == set(CATCHES_EVERYTHING)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """It only tidies up: its last statement is a bare `raise`."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


@pytest.mark.parametrize("package", ["requests", "httpx", "urllib3", "ftplib", "smtplib", "aiohttp"])
def test_nothing_is_fetched_from_a_network(package: str) -> None:
    """There is no way to make the service fetch an address, so none to make it fetch a wrong one."""
    assert [source.name for source in SERVER if package in source.imports()] == []


def test_networks_are_asked_only_whether_the_own_service_answers() -> None:
    assert [source.name for source in SERVER if "urllib.request" in source.text] == ["webapp/core/machine.py"]

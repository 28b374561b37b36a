"""The product's own Python files, parsed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("ml", "webapp", "workers", "client")
WRITTEN_BY_TOOLS = {ROOT / "client" / "atelier" / "shapes.py"}


@dataclass(frozen=True)
class Source:
    """One file."""

    path: Path

    @property
    def name(self) -> str:
        """The path from the repository's root."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call with the dotted name of what is called: `torch.load`, `app.send_task`; "" where it has none."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield dotted(node.func), node

    def imports(self) -> set[str]:
        """The top-level names of all imported packages, wherever in the file."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
        return found


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression of names and attributes; what is not a name becomes empty, as in `.load`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def sources(*rooms: str) -> list[Source]:
    """Every file of the rooms (all by default), but migrations and what tools write."""
    found = []
    for room in rooms or ROOMS:
        found += [Source(path) for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]
    return [source for source in found if source.path not in WRITTEN_BY_TOOLS]


def keyword(call: ast.Call, name: str) -> object:
    """The constant value of a keyword argument; None where it is absent or computed."""
    for argument in call.keywords:
        if argument.arg == name and isinstance(argument.value, ast.Constant):
            return argument.value.value
    return None

"""The rules for docstrings that a program can check."""

import ast
import re

import pytest

from tests.architecture.source import ROOT, Source, sources

MODELS = [Source(path) for path in sorted((ROOT / "ml" / "models").glob("[!_]*.py"))]


def test_every_file_says_what_it_is_about() -> None:
    assert [source.name for source in sources() if source.text and not ast.get_docstring(source.tree)] == []


def test_what_a_docstring_says_is_raised_has_a_name() -> None:
    """`Raises: NoRedisError.`: an error class first, then when."""
    unnamed = []
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for said in re.findall(r"Raises:\s*(\S+)", ast.get_docstring(node) or ""):
                    if not re.match(r"`{0,2}[A-Za-z_.]*([a-z]Error|Exception|Interrupt|Http404|[A-Z][a-z]+ed)\b", said):
                        unnamed.append(f"{source.name}, {node.name}: Raises: {said}")
    assert unnamed == []


def test_there_are_models_to_check() -> None:
    assert {"dcgan", "gan"} <= {source.path.stem for source in MODELS}


@pytest.mark.parametrize("source", MODELS, ids=lambda source: source.path.stem)
def test_a_model_says_whose_it_is_how_the_paper_calls_things_and_what_differs(source: Source) -> None:
    said = ast.get_docstring(source.tree) or ""
    assert re.search(r"\b(19|20)\d\d\b", said), "the year of the paper"
    assert "https://" in said, "a link to the paper"
    assert "Notation (code -> paper)" in said
    assert "Differs from the paper" in said

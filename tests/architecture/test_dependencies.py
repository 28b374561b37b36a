"""What is installed: exactly what is pinned, nothing that drags another torch in, and from no named place."""

import re
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LISTS = ["requirements.txt", "requirements-dev.txt"]
DRAGS_ANOTHER_TORCH = {"torchvision", "timm", "lpips", "torch-fidelity", "torchaudio"}
REGISTRIES = re.compile(r"(pypi|pythonhosted|npmjs|yarnpkg|jsdelivr|unpkg|download\.pytorch)\.(org|com|net)")


def pins(name: str) -> dict[str, str]:
    """Package, in lower case, -> the rest of its line."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    found = [re.fullmatch(r"([A-Za-z0-9._-]+)(\[[a-z,-]+\])?(.*)", line) for line in lines if line]
    return {match[1].lower().replace("_", "-"): match[3] for match in found if match}


@pytest.mark.parametrize("name", [*LISTS, "constraints.txt"])
def test_every_line_is_one_exact_version_without_a_local_tag(name: str) -> None:
    """A local tag (+cpu, +cu126) would choose one kind of machine for everybody."""
    assert {package: pin for package, pin in pins(name).items() if not re.fullmatch(r"==[0-9][0-9a-z.]*", pin)} == {}


@pytest.mark.parametrize("name", LISTS)
def test_what_is_asked_for_and_what_is_constrained_agree(name: str) -> None:
    constrained = pins("constraints.txt")
    assert {package: pin for package, pin in pins(name).items() if constrained.get(package) != pin} == {}


def test_nothing_that_drags_another_torch_in_is_listed_or_installed() -> None:
    listed = set().union(*(pins(name) for name in [*LISTS, "constraints.txt"]))
    installed = {distribution.metadata["Name"].lower() for distribution in distributions()}
    assert (listed | installed) & DRAGS_ANOTHER_TORCH == set()


def test_no_file_names_the_place_that_packages_come_from() -> None:
    """Each machine has its own: a mirror, a cache, a folder."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode != 0:
        pytest.skip("not a git checkout")
    named = []
    for line in tracked.stdout.splitlines():
        path = ROOT / line
        if path.suffix in {".png", ".webp", ".woff2"} or not path.is_file() or path == Path(__file__):
            continue
        if REGISTRIES.search(path.read_text(errors="ignore")):
            named.append(line)
    assert named == []

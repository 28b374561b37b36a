"""Are the parts new enough? The table is `version_floors.toml`; `python -m webapp.core.version_floors` is the gate.

It needs no network: a check against an online list says nothing where there is none, and passes.
"""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_suffix(".toml")
Version = tuple[int, ...]


def read_table() -> Mapping[str, Any]:
    """The table as it stands in the file."""
    return tomllib.loads(TABLE.read_text())


def parts(text: str) -> Version:
    """The leading numbers of a version: "2.13.0+cpu" -> (2, 13, 0)."""
    numbers = []
    for piece in text.partition("+")[0].split("."):
        digits = "".join(character for character in piece if character.isdigit())
        if not digits or not piece[0].isdigit():
            break
        numbers.append(int(digits))
    return tuple(numbers)


def below(found: Version, floors: Sequence[str]) -> str | None:
    """The floor that `found` misses, out of one for each maintained series, or None.

    A version of a series older than all is measured by the oldest floor, one newer than all passes.
    """
    known = sorted((parts(floor), floor) for floor in floors)
    for numbers, floor in known:
        if found[:2] == numbers[:2]:
            return floor if found < numbers else None
    newest = known[-1][0]
    return None if found > newest else next(floor for numbers, floor in known if numbers > found)


def faults() -> list[str]:
    """One sentence for each installed package below its floor."""
    sentences = []
    for name, row in read_table()["packages"].items():
        try:
            found = version(name)
        except PackageNotFoundError:
            continue
        if parts(found) < parts(row["floor"]):
            sentences.append(f"{name} {found} is below {row['floor']} ({row['why']}); install what is pinned.")
    return sentences


def warnings(today: date) -> list[str]:
    """Sentences about what this product does not install itself, and about the age of the table."""
    table = read_table()
    sentences = []
    python = "{}.{}.{}".format(*sys.version_info[:3])
    if floor := below(sys.version_info[:3], table["python"]["floors"]):
        sentences.append(f"Python {python} lacks mends of {floor} ({table['python']['why']}); update it when you can.")
    age = (today - table["reviewed"]).days
    if age > table["review_after_days"]:
        sentences.append(f"The table of version floors was last read through {age} days ago ({TABLE.name}).")
    return sentences


def redis_warning(redis_version: str) -> str | None:
    """A sentence when a Redis of the system is below its floor."""
    row = read_table()["redis"]
    floor = below(parts(redis_version), row["floors"])
    return f"Redis {redis_version} lacks mends of {floor} ({row['why']}); update it when you can." if floor else None


def main() -> int:
    """Print every fault and warning; the exit status counts faults only."""
    found = faults()
    for sentence in [*found, *warnings(datetime.now(UTC).date())]:
        print(sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

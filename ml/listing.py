"""`python -m ml list`: what stands on the shelves."""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from ml import shelves
from ml.errors import UnknownPluginError
from ml.protocol import EXIT_DONE
from ml.terminal import settings_table, table


def list_shelves(options: argparse.Namespace) -> int:
    """Names without importing anything heavy; cards and settings when asked."""
    if options.json and not options.full:
        print(json.dumps({shelf: [{"name": name} for name in names] for shelf, names in shelves.names().items()}))
        return EXIT_DONE
    everything = shelves.describe()
    plug_ins = {shelf: everything[shelf] for shelf in shelves.names()}
    if options.json:
        print(json.dumps(everything))
    elif options.name:
        _show(options.name, [row for rows in plug_ins.values() for row in rows])
    else:
        lines = [(shelf, row["name"], row["card"]["title"]) for shelf, rows in plug_ins.items() for row in rows]
        print(table([("shelf", "name", "title"), *lines]))
    return EXIT_DONE


def _show(name: str, plug_ins: Sequence[dict[str, Any]]) -> None:
    found = [row for row in plug_ins if row["name"] == name]
    if not found:
        raise UnknownPluginError(f"There is no {name!r} on any shelf; `python -m ml list` shows what there is.")
    for row in found:
        card = row["card"]
        print(f"{card['title']}\n\n{card['summary']}")
        print("\n".join(f"{key}: {card[key]}" for key in ("paper", "strengths", "limits") if card[key]))
        print(f"\n{settings_table(row['schema'])}")

"""The door: reads what was typed, runs the verb, and ends with a status that never changes its meaning."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import atelier
from atelier import errors
from atelier.command import auth, completion, datasets, exports, runs, samples, studies
from atelier.command.printing import print_error, print_shown
from atelier.command.progress import Progress
from atelier.command.verb import Session, Verb
from atelier.errors import AtelierError, InvalidError

NOUNS: dict[str, tuple[str, Sequence[Verb]]] = {
    "auth": ("log in with a token", auth.VERBS),
    "dataset": ("what was uploaded", datasets.VERBS),
    "recipe": ("models, samplers and budgets", runs.RECIPE_VERBS),
    "run": ("recipes at work", runs.VERBS),
    "selection": ("choices from a pool", samples.SELECTION_VERBS),
    "sample": ("candidates and verdicts", samples.VERBS),
    "study": ("whether synthetic images help", studies.VERBS),
    "export": ("augmented datasets to take away", exports.VERBS),
    "completion": ("the Tab key", completion.VERBS),
}
CTRL_C = 130
EPILOGUE = "exit status:\n" + (errors.__doc__ or "").partition("\n\n")[2].rstrip()


class Parser(argparse.ArgumentParser):
    """Refuses in the way of every other error."""

    def error(self, message: str) -> NoReturn:
        raise InvalidError(f"{message[:1].upper()}{message[1:]}.", "usage", f"See: {self.prog} --help")


def make_parser() -> Parser:
    """Everything that can be typed; the global flags may stand anywhere."""
    flags = _global_flags(argparse.SUPPRESS)
    parser = Parser(
        "atelier",
        description="Grow labelled vision datasets with generative models.",
        epilog=EPILOGUE,
        parents=[_global_flags(None)],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    nouns = parser.add_subparsers(dest="noun", metavar="NOUN", required=True, parser_class=Parser)
    for noun, (about, verbs) in NOUNS.items():
        of_noun = nouns.add_parser(
            noun, help=about, description=about.capitalize(), parents=[flags], allow_abbrev=False
        )
        choices = of_noun.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
        for verb in verbs:
            sub = choices.add_parser(
                verb.name, help=verb.help, description=verb.help, parents=[flags], allow_abbrev=False
            )
            verb.arguments(sub)
            sub.set_defaults(do=verb.do)
    return parser


def _global_flags(default: Any) -> Parser:
    """Below a noun the defaults are suppressed, so that what was typed before it stays."""
    flags = Parser(add_help=False, allow_abbrev=False)
    off = False if default is None else default
    group = flags.add_argument_group("anywhere")
    group.add_argument(
        "-j", "--json", action="store_true", default=off, help="JSON on stdout, errors as JSON on stderr"
    )
    group.add_argument("-k", "--api-key", default=default, metavar="TOKEN", help="token (ATELIER_TOKEN)")
    group.add_argument("--url", default=default, help="address of the service (ATELIER_URL)")
    group.add_argument("-q", "--quiet", action="store_true", default=off, help="no progress; ids only")
    group.add_argument("--version", action="version", version=f"atelier {atelier.__version__}")
    return flags


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    typed_words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = bool({"--json", "-j"} & set(typed_words))  # also where the rest cannot be understood
    try:
        typed = make_parser().parse_args(typed_words)
        with Progress(typed.quiet or typed.json) as progress:
            shown = typed.do(Session(typed, progress))
        if shown is not None:
            print_shown(shown, typed.json, typed.quiet)
            sys.stdout.flush()
    except AtelierError as error:
        print_error(error, as_json)
        return error.exit_status
    except KeyboardInterrupt:
        print_error(AtelierError("Stopped; what the service works on goes on.", "interrupted"), as_json)
        return CTRL_C
    except BrokenPipeError:  # `atelier … | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0

"""`atelier completion`: the Tab key in bash, zsh and fish. The scripts are written from the parser, so none lags."""

from __future__ import annotations

import argparse
import os
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

from atelier.command.verb import Session, Shown, Verb
from atelier.errors import InvalidError
from atelier.places import config_folder

SHELLS = ("bash", "zsh", "fish")


def show(session: Session) -> Shown:
    """Print the script."""
    shell = _shell(session)
    return Shown({"shell": shell, "script": script_for(shell)}, text=script_for(shell))


def install(session: Session) -> Shown:
    """Put the script where the shell finds it; no file of the person's is changed."""
    shell = _shell(session)
    path = place_of(shell)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script_for(shell) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidError(f"{path} cannot be written: {error.strerror}.") from error
    how = f"\nAdd to ~/.zshrc, before compinit: fpath+=({path.parent})" if shell == "zsh" else ""
    return Shown({"shell": shell, "file": str(path)}, text=f"{path} is written; open a new shell.{how}")


def place_of(shell: str) -> Path:
    """Where the shell, or its completion package, looks by itself (zsh has to be told)."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return {
        "bash": data / "bash-completion" / "completions" / "atelier",
        "zsh": data / "zsh" / "site-functions" / "_atelier",
        "fish": config_folder().parent / "fish" / "completions" / "atelier.fish",
    }[shell]


def script_for(shell: str) -> str:
    """The script."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()


def _words() -> tuple[dict[str, dict[str, list[str]]], dict[str, str]]:
    """Noun -> verb -> its options; and what each noun and verb is about."""
    from atelier.command.main import make_parser  # here: main imports this file

    parser, words, about = make_parser(), dict[str, dict[str, list[str]]](), dict[str, str]()
    for noun, of_noun in _choices(parser).items():
        words[noun] = {}
        about[noun] = of_noun.description or ""
        for verb, of_verb in _choices(of_noun).items():
            options = [name for action in of_verb._actions for name in action.option_strings]
            words[noun][verb] = sorted(option for option in options if option.startswith("--"))
            about[f"{noun} {verb}"] = of_verb.description or ""
    return words, about


def _choices(parser: ArgumentParser) -> Mapping[str, ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found: Mapping[str, ArgumentParser] = action.choices
            return found
    return {}


def _bash() -> str:
    words, _ = _words()
    cases = [f"        '') words='{' '.join(words)}' ;;"]
    for noun, verbs in words.items():
        cases.append(f"        '{noun}') words='{' '.join(verbs)}' ;;")
        cases += [f"        '{noun} {verb}') words='{' '.join(options)}' ;;" for verb, options in verbs.items()]
    return "\n".join(
        [
            "# bash completion for atelier",
            "_atelier() {",
            "    local path='' word words='' current=${COMP_WORDS[COMP_CWORD]}",
            '    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
            "        case $word in -*) ;; *) [[ $path == *' '* ]] || path=\"${path:+$path }$word\" ;; esac",
            "    done",
            "    case $path in",
            *cases,
            "    esac",
            '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
            "    [[ ${#COMPREPLY[@]} -eq 0 && $path == *' '* ]] && COMPREPLY=($(compgen -f -- \"$current\"))",
            "    return 0",
            "}",
            "complete -o filenames -F _atelier atelier",
        ]
    )


def _zsh() -> str:
    words, about = _words()
    lines = ["#compdef atelier", "local -a nouns verbs", "local noun=${words[2]} verb=${words[3]}", "nouns=("]
    lines += [f"    {_quoted(f'{noun}:{about[noun]}')}" for noun in words]
    lines += [")", "if (( CURRENT == 2 )); then _describe noun nouns; return; fi", "case $noun in"]
    for noun, verbs in words.items():
        described = " ".join(_quoted(f"{verb}:{about[f'{noun} {verb}']}") for verb in verbs)
        lines += [
            f"{noun})",
            f"    verbs=({described})",
            "    if (( CURRENT == 3 )); then _describe verb verbs; return; fi",
        ]
        lines += ["    case $verb in"]
        lines += [f"    {verb}) _values option {' '.join(options)}; _files ;;" for verb, options in verbs.items()]
        lines += ["    esac ;;"]
    return "\n".join([*lines, "esac"])


def _fish() -> str:
    words, about = _words()
    lines = ["# fish completion for atelier", "complete -c atelier -f"]
    nouns = " ".join(words)
    for noun, verbs in words.items():
        first = f"not __fish_seen_subcommand_from {nouns}"
        lines.append(f"complete -c atelier -n {_quoted(first)} -a {noun} -d {_quoted(about[noun])}")
        for verb, options in verbs.items():
            second = f"__fish_seen_subcommand_from {noun}; and not __fish_seen_subcommand_from {' '.join(verbs)}"
            said = _quoted(about[f"{noun} {verb}"])
            lines.append(f"complete -c atelier -n {_quoted(second)} -a {verb} -d {said}")
            third = f"__fish_seen_subcommand_from {noun}; and __fish_seen_subcommand_from {verb}"
            lines += [f"complete -c atelier -n {_quoted(third)} -l {option[2:]}" for option in options]
            lines.append(f"complete -c atelier -n {_quoted(third)} -F")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """In single quotes, for all three shells; an apostrophe becomes a typographic one."""
    return "'" + text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}") + "'"


def _shell(session: Session) -> str:
    """As typed, or the person's own.

    Raises: InvalidError.
    """
    shell = session.typed.shell or Path(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise InvalidError(f"The shell is {shell or 'not known'}; expected one of {', '.join(SHELLS)}.", "usage")
    return str(shell)


def _takes_shell(parser: ArgumentParser) -> None:
    parser.add_argument("shell", nargs="?", choices=SHELLS, help="default: the one of SHELL")


VERBS = [
    Verb("install", "put the script where the shell finds it", install, _takes_shell),
    Verb("show", "print the script", show, _takes_shell),
]

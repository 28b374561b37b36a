"""`atelier auth`: a token kept on this machine."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser

from atelier.client import Client
from atelier.command import login
from atelier.command.verb import Session, Shown, Verb
from atelier.errors import ForbiddenError, InvalidError


def log_in(session: Session) -> Shown:
    """Ask for a token, try it, keep it."""
    url = login.url_of(session.typed.url)
    token = session.typed.api_key or _read_token(url)
    client = Client(url, token)
    if not client.connection.is_private:
        print("The token crosses the network unencrypted; an address with https keeps it secret.", file=sys.stderr)
    shown = _who(client, url)
    path = login.keep(url, token)
    return Shown({**shown.data, "kept_in": str(path)}, text=f"{shown.text}\nThe token is kept in {path}.")


def log_out(session: Session) -> Shown:
    """Forget the token of the address."""
    url = login.url_of(session.typed.url)
    login.forget(url)
    return Shown({"url": url}, text=f"The token for {url} is removed from this machine; revoke it in the browser.")


def status(session: Session) -> Shown:
    """Who the token says one is."""
    return _who(session.client, session.client.connection.url)


def _who(client: Client, url: str) -> Shown:
    """Raises: ForbiddenError."""
    told = client.session()
    person = told["person"]
    if person is None:
        raise ForbiddenError(f"Nobody is logged in at {url}.", "not_authenticated", "Log in: atelier auth login")
    labs = [{"name": lab["name"], "id": lab["id"], "role": lab["role"]} for lab in told["labs"]]
    lines = [f"{person['name']} ({person['email']}) at {url}, Atelier {told['version']}"]
    lines += [f"  {lab['role']} in {lab['name']}" for lab in labs]
    data = {"url": url, "person": person, "labs": labs, "version": told["version"]}
    return Shown(data, text="\n".join(lines))


def _read_token(url: str) -> str:
    """From the terminal without showing it, or the first line of stdin."""
    if sys.stdin.isatty():
        print(f"Make a token under your name at {url}, and paste it here.", file=sys.stderr)
        token = getpass.getpass("Token: ")
    else:
        token = sys.stdin.readline()
    if not token.strip():
        raise InvalidError("No token was given.", "usage", "Paste one, or pipe it in: atelier auth login < FILE")
    return token.strip()


def _login_arguments(parser: ArgumentParser) -> None:
    parser.epilog = (
        "The token is read from the terminal, from stdin, or from --api-key; it is kept readable by you only."
    )


VERBS = [
    Verb("login", "try a token and keep it for this address", log_in, _login_arguments),
    Verb("logout", "remove the token from this machine", log_out),
    Verb("status", "say who the token belongs to", status),
]

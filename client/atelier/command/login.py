"""Which service, and by which token: what was typed, then the environment, then the last `atelier auth login`."""

from __future__ import annotations

import os
from pathlib import Path

from atelier.connection import environment_url
from atelier.places import config_folder, read_json, write_json


def login_file() -> Path:
    """Readable by its owner only: it holds tokens."""
    return config_folder() / "login.json"


def url_of(typed: str | None) -> str:
    """The service's address without a slash at its end."""
    known = read_json(login_file()).get("url")
    url = typed or os.environ.get("ATELIER_URL") or known or environment_url()
    return str(url).rstrip("/")


def token_for(url: str) -> str:
    """ATELIER_TOKEN, or the token kept for this very address: none is ever sent to another one."""
    kept = read_json(login_file()).get("tokens", {}).get(url, "")
    return os.environ.get("ATELIER_TOKEN") or str(kept)


def keep(url: str, token: str) -> Path:
    """Remember the token; this address is the usual one from now on."""
    tokens = read_json(login_file()).get("tokens", {})
    write_json(login_file(), {"url": url, "tokens": {**tokens, url: token}})
    return login_file()


def forget(url: str) -> None:
    """Remove the token of this address from this machine."""
    known = read_json(login_file())
    tokens = {address: token for address, token in known.get("tokens", {}).items() if address != url}
    write_json(login_file(), {**known, "tokens": tokens})

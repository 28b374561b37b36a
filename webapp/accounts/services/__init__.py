"""Writes to people, labs and tokens: each change in one place."""

from webapp.accounts.services.people import add_member, create_person, get_or_create_lab
from webapp.accounts.services.setup import check_setup_code, set_up
from webapp.accounts.services.tokens import create_token, note_use, revoke_token, verify_token

__all__ = [
    "add_member",
    "check_setup_code",
    "create_person",
    "create_token",
    "get_or_create_lab",
    "note_use",
    "revoke_token",
    "set_up",
    "verify_token",
]

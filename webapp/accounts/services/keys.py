"""Keys that open something: tokens of programs, links of invitations and passwords.

A key is `<id>_<secret>`. The id finds the row, only the secret's hash is stored, and the whole is shown once.
"""

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = string.ascii_letters + string.digits
KEY_ID_SIGNS: Final = 8
SECRET_SIGNS: Final = 43
"""43 signs of 62 are 256 bits: too many to guess, so that a fast hash guards them."""
MAX_SECRET_SIGNS: Final = 200
_NO_HASH: Final = "0" * 64


@dataclass(frozen=True)
class Key:
    """A new key; `text` is what a person gets to see."""

    key_id: str
    secret_hash: str
    text: str


def new_key() -> Key:
    """A key that nobody has had before."""
    key_id, secret = _random(KEY_ID_SIGNS), _random(SECRET_SIGNS)
    return Key(key_id, hash_secret(secret), f"{key_id}_{secret}")


def read_key(text: str) -> tuple[str, str] | None:
    """Id and secret of a key as somebody sends it; None for what cannot be one."""
    key_id, _, secret = text.partition("_")
    if len(key_id) != KEY_ID_SIGNS or not key_id.isascii() or not secret or len(secret) > MAX_SECRET_SIGNS:
        return None
    return key_id, secret


def is_secret(secret: str, secret_hash: str | None) -> bool:
    """Compared in constant time; with no hash as long as with a wrong one."""
    return hmac.compare_digest(hash_secret(secret), secret_hash or _NO_HASH)


def hash_secret(secret: str) -> str:
    """sha256 in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))

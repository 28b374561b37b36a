"""One POST to one webhook: to an address that was looked at before, with no redirect, no proxy, and an end.

The name of the host is resolved once; what was resolved is checked, and the connection goes to that very address, so
that a name service that answers differently a moment later changes nothing.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from webapp.webhooks.services.addresses import RefusedError, Target, addresses_of, is_public

MAX_ADDRESSES: Final = 4
"""So many addresses of one host are tried."""


@dataclass(frozen=True)
class Line:
    """The way to other machines; tests have one of their own."""

    addresses_of: Callable[[str, int], list[str]] = addresses_of
    may_reach: Callable[[str], bool] = is_public
    encryption: Callable[[], ssl.SSLContext] = ssl.create_default_context
    patience_s: float = 5.0
    """For each address to take the connection, and for each piece of an answer."""
    within_s: float = 15.0
    """For everything after the name is resolved, however slowly the other side speaks."""


class UnansweredError(Exception):
    """No HTTP answer came; the sentence says what came instead."""


def post(target: Target, body: bytes, headers: Mapping[str, str], line: Line) -> int:
    """The status of the answer; what else is in it is not read.

    Raises: RefusedError, UnansweredError.
    """
    connection = _Pinned(target, _checked(target, line), line)
    ended_early = threading.Event()

    def end_it() -> None:
        ended_early.set()
        connection.cut()

    watchdog = threading.Timer(line.within_s, end_it)
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("POST", target.path, body, dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError: a read from a connection that the watchdog cut
        if ended_early.is_set():
            raise UnansweredError(f"There was no answer within {line.within_s:g} s.") from error
        raise UnansweredError(_in_words(error, target)) from error
    finally:
        watchdog.cancel()
        connection.close()


def _checked(target: Target, line: Line) -> list[str]:
    """The addresses of the host, all of which may be reached. One that may not spoils the others: nobody's own host has
    such a one beside its public ones."""
    try:
        found = line.addresses_of(target.host, target.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: no name can be spelt so
        reason = getattr(error, "strerror", None) or error
        raise UnansweredError(f"The name {target.host} could not be resolved ({reason}).") from error
    for address in found:
        if not line.may_reach(address):
            raise RefusedError(f"{target.host} is at {address}, which is no public address; nothing is sent there.")
    return found[:MAX_ADDRESSES]


class _Pinned(http.client.HTTPConnection):
    """A connection to the given addresses of a host, whatever its name resolves to by now."""

    def __init__(self, target: Target, addresses: Sequence[str], line: Line) -> None:
        super().__init__(target.host, target.port, timeout=line.patience_s)
        self.default_port = 443 if target.scheme == "https" else 80  # the Host header then leaves it out
        self._addresses = addresses
        self._encryption = line.encryption() if target.scheme == "https" else None
        self._cut = False

    def connect(self) -> None:
        self.sock = self._first_that_answers()
        if self._cut:
            raise TimeoutError
        if self._encryption is not None:
            # the handshake comes afterwards, so that it can be cut, too
            self.sock = self._encryption.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def _first_that_answers(self) -> socket.socket:
        fault: OSError = OSError("the name has no address")
        for address in self._addresses:
            if self._cut:
                break
            try:
                return socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                fault = error
        raise fault

    def cut(self) -> None:
        """End it from another thread, whatever it waits for."""
        self._cut = True
        held = self.sock
        if held is not None:
            try:
                socket.socket.shutdown(held, socket.SHUT_RDWR)
            except OSError:  # it has ended by itself
                return


def _in_words(error: Exception, target: Target) -> str:
    where = f"{target.host}:{target.port}"
    if isinstance(error, TimeoutError):
        return f"{where} did not answer in time."
    if isinstance(error, ssl.SSLError):
        return f"{where} could not be spoken to by TLS: {getattr(error, 'verify_message', '') or error.reason}."
    if isinstance(error, OSError) and error.strerror:
        return f"{where} could not be reached: {error.strerror}."
    return f"{where} did not answer as HTTP does ({type(error).__name__})."

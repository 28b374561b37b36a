"""A throw-away S3 server as a process of its own, with one bucket; and a way to it that can be made to fail."""

import http.client
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from webapp.core.redis_server import free_port

BUCKET = "atelier"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
WITHIN_S = 60.0
OF_A_HOP = {"connection", "transfer-encoding", "date", "server"}
"""Headers that are not the answer's."""


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """The environment of a service that uses the bucket; server and content are gone afterwards."""
    port = free_port()
    program = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    command = ["setpriv", "--pdeathsig", "KILL", *program]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **KEYS})
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _make_bucket(endpoint, server)
        yield {"S3_BUCKET": BUCKET, "S3_ENDPOINT": endpoint, "S3_PREFIX": "lab one", **KEYS}
    finally:
        server.kill()
        server.wait()


def client_of(endpoint: str) -> Any:
    """A client that looks at the server directly."""
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)


def _make_bucket(endpoint: str, server: "subprocess.Popen[bytes]") -> None:
    from botocore.exceptions import BotoCoreError

    client, deadline = client_of(endpoint), time.monotonic() + WITHIN_S
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)
            return
        except BotoCoreError:
            assert server.poll() is None, "the S3 server ended"
            assert time.monotonic() < deadline, "the S3 server did not answer"
            time.sleep(0.1)


class Line:
    """The way from the service to the server. What `faults` holds happens to the next requests, one each.

    503, 403: the answer   "reset": gone in the middle of what is sent   "cut": gone in the middle of what comes back
    """

    def __init__(self, endpoint: str) -> None:
        self._is_over = False
        self.faults: list[int | str] = []
        self.sent: list[tuple[str, str]] = []
        """Method and path of every request."""
        line, port = self, int(endpoint.rpartition(":")[2])

        class Handler(_Handler):
            def pass_on(self) -> None:
                if line._is_over:
                    return self._break_off()
                line.sent.append((self.command, self.path))
                self.answer(port, line.faults.pop(0) if line.faults else None)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def end(self) -> None:
        """Nobody answers any more, on connections that are open neither."""
        self._is_over = True
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, port: int, fault: int | str | None) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if fault == "reset":
            self.rfile.read(length // 2)
            return self._break_off()
        body = self.rfile.read(length)
        if isinstance(fault, int):
            return self._send(fault, {}, b"")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(self.command, self.path, body or None, dict(self.headers))
        found = connection.getresponse()
        data, kept = found.read(), {name: value for name, value in found.getheaders() if name.lower() not in OF_A_HOP}
        connection.close()
        self._send(found.status, kept, data, cut=fault == "cut")

    def _send(self, status: int, headers: dict[str, str], data: bytes, cut: bool = False) -> None:
        if self.command == "HEAD":
            size = headers.pop("Content-Length", "0")
        else:
            headers.pop("Content-Length", None)
            size = str(len(data))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": size}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self._break_off()

    def _break_off(self) -> None:
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def pass_on(self) -> None:
        raise NotImplementedError

    def do_GET(self) -> None:
        self.pass_on()

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

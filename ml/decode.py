"""Strangers' images are decoded in a limited child process, one after another; when it dies, a new one goes on."""

import contextlib
import dataclasses
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from ml.errors import BadDatasetError, BadImageError
from ml.image_limits import ImageLimits
from ml.look import Look

_ROOT = Path(__file__).resolve().parent.parent
_MAX_DEATHS = 100
"""So many images may end the child before the source is refused: each costs seconds, and no honest folder has them."""
_PIPE_BYTES = 2**20


@dataclass(frozen=True)
class Decoded:
    """What the child found: the suffix of the true format, upright size, colour, what it shows
    (`ml.image_file.fingerprint`) and how it looks, a JPEG or WebP of at most 256 x 256 pixels."""

    suffix: str
    width: int
    height: int
    is_grey: bool
    fingerprint: bytes
    look: Look
    thumbnail: bytes


class Decoder:
    """`start` hands an image over and returns; `finish` waits for its answer, so that the caller can work meanwhile."""

    def __init__(self, limits: ImageLimits | None = None) -> None:
        self.limits = limits or ImageLimits()
        self._child: subprocess.Popen[bytes] | None = None
        self._deadline = 0.0
        self._heard = b""
        self._fault = ""
        self._deaths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self._end()

    def decode(self, data: bytes, is_half: bool = False) -> Decoded:
        """Raises: BadImageError."""
        self.start(data, is_half)
        return self.finish()

    def start(self, data: bytes, is_half: bool = False) -> None:
        """Hand one image over; its answer must be fetched by `finish` before the next.

        is_half: of a pair; a label map is then seen in its colours (`ml/label_colours.py`).
        """
        self._fault = ""
        most = self.limits.max_file_bytes
        if len(data) > most:
            self._fault = f"The file has {len(data):,} bytes; at most {most:,} are read, so shrink it."
            return
        self._deadline = time.monotonic() + self.limits.wall_s
        try:
            self._write(struct.pack("<Q?", len(data), is_half) + data)
        except (OSError, TimeoutError) as error:
            self._died(error)

    def finish(self) -> Decoded:
        """The answer to the last `start`.

        Raises: BadImageError, also when this image ended the child; BadDatasetError when too many did.
        """
        if not self._fault:
            try:
                facts_length, picture_length = struct.unpack("<II", self._read(8))
                facts = json.loads(self._read(facts_length))
                picture = self._read(picture_length)
                self._fault = facts.get("reason", "")
            except (OSError, TimeoutError, EOFError) as error:
                self._died(error)
        if self._fault:
            raise BadImageError(self._fault)
        facts["fingerprint"] = bytes.fromhex(facts["fingerprint"])
        return Decoded(**facts, thumbnail=picture)

    # --- the child ------------------------------------------------------------------------------------------------
    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            limits = json.dumps(dataclasses.asdict(self.limits))
            # -P and the bare environment: neither a folder of the user's nor a secret of the service reaches the child
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "ml.decode_child", limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                env={"PYTHONPATH": str(_ROOT), "PATH": os.defpath, "LANG": "C.UTF-8"},
            )
            for pipe in _pipes(self._child):
                os.set_blocking(pipe.fileno(), False)
                with contextlib.suppress(OSError):  # a larger pipe saves turns; the system may allow none
                    fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        return self._child

    def _write(self, data: bytes) -> None:
        pipe, _ = _pipes(self._running())
        rest = memoryview(data)
        while rest:
            _, ready, _ = select.select([], [pipe], [], self._seconds_left())
            if ready:
                rest = rest[os.write(pipe.fileno(), rest) :]

    def _read(self, size: int) -> bytes:
        _, pipe = _pipes(self._running())
        while len(self._heard) < size:
            ready, _, _ = select.select([pipe], [], [], self._seconds_left())
            if ready:
                part = os.read(pipe.fileno(), _PIPE_BYTES)
                if not part:
                    raise EOFError
                self._heard += part
        answer, self._heard = self._heard[:size], self._heard[size:]
        return answer

    def _seconds_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _died(self, error: Exception) -> None:
        code = self._end(kill=isinstance(error, TimeoutError))
        self._deaths += 1
        if isinstance(error, TimeoutError):
            cause = f"gave no answer within {self.limits.wall_s} s"
        elif code == -signal.SIGXCPU:
            cause = f"takes more than {self.limits.cpu_s} s of processor time"
        else:
            cause = f"made the decoder stop ({_end_in_words(code)})"
        self._fault = f"The image {cause}; save it again as PNG or leave it out."
        if self._deaths >= _MAX_DEATHS:
            raise BadDatasetError(
                f"{self._deaths} images ended the decoder, the last one because it {cause}; "
                "the source looks made to do harm and is refused."
            )

    def _end(self, kill: bool = False) -> int:
        """End the child; returns its exit code, or minus the signal."""
        child, self._child, self._heard = self._child, None, b""
        if child is None:
            return 0
        for pipe in _pipes(child):
            with contextlib.suppress(OSError):
                pipe.close()
        if kill:
            child.kill()
        try:
            return child.wait(timeout=2 * self.limits.cpu_s)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Where the child is asked, and where it answers."""
    return cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)


def _end_in_words(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"

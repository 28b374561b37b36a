"""Zips written field by field, so that tests can make the ones that no honest program writes."""

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Piece:
    """One member. `local` and `central` overwrite single header fields; `body` the bytes behind the local header."""

    name: bytes
    data: bytes = b""
    deflate: bool = False
    mode: int = 0o100644
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)
    body: bytes | None = None

    def packed(self) -> bytes:
        if self.body is not None:
            return self.body
        return deflated(self.data) if self.deflate else self.data

    def fields(self) -> dict[str, Any]:
        return {
            "flags": 0x800,
            "method": 8 if self.deflate else 0,
            "crc": zlib.crc32(self.data),
            "packed": len(self.packed()),
            "size": len(self.data),
            "name": self.name,
            "extra": b"",
        }


def deflated(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


def local_header(values: dict[str, Any]) -> bytes:
    v = values
    return (
        struct.pack(
            "<4s5H3L2H",
            v.get("mark", b"PK\x03\x04"),
            20,
            v["flags"],
            v["method"],
            0,
            0x21,
            v["crc"],
            v["packed"],
            v["size"],
            len(v["name"]),
            len(v["extra"]),
        )
        + v["name"]
        + v["extra"]
    )


def central_header(values: dict[str, Any], offset: int, mode: int) -> bytes:
    v = values
    return (
        struct.pack(
            "<4s6H3L5H2L",
            v.get("mark", b"PK\x01\x02"),
            (3 << 8) | 20,
            20,
            v["flags"],
            v["method"],
            0,
            0x21,
            v["crc"],
            v["packed"],
            v["size"],
            len(v["name"]),
            len(v["extra"]),
            0,
            v.get("disk", 0),
            0,
            mode << 16,
            v.get("offset", offset),
        )
        + v["name"]
        + v["extra"]
    )


def end_record(count: int, length: int, start: int, comment: bytes = b"", disk: int = 0) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\x05\x06", disk, disk, count, count, length, start, len(comment)) + comment


def build(*pieces: Piece, count: int | None = None, comment: bytes = b"") -> bytes:
    """The zip of these pieces; `count` overwrites the number in the end record."""
    body, directory = b"", b""
    for piece in pieces:
        directory += central_header({**piece.fields(), **piece.central}, len(body), piece.mode)
        body += local_header({**piece.fields(), **piece.local}) + piece.packed()
    number = len(pieces) if count is None else count
    return body + directory + end_record(number & 0xFFFF, len(directory), len(body), comment)


def full_overlap_bomb(copies: int, size: int) -> bytes:
    """Every entry of the directory points to the one body."""
    piece = Piece(b"cat/0.png", bytes(size), deflate=True)
    body = local_header(piece.fields()) + piece.packed()
    directory = b"".join(
        central_header({**piece.fields(), "name": b"cat/%d.png" % number}, 0, piece.mode) for number in range(copies)
    )
    return body + directory + end_record(copies, len(directory), len(body))


def quoted_overlap_bomb(copies: int, size: int) -> bytes:
    """Each member's packed bytes begin by quoting the next member's header, and all end in one shared kernel."""
    kernel_data = bytes(size)
    kernel = deflated(kernel_data)
    files: list[tuple[dict[str, Any], bytes, bytes]] = []
    body, data = kernel, kernel_data
    for number in reversed(range(copies)):
        fields = {
            "flags": 0x800,
            "method": 8,
            "crc": zlib.crc32(data),
            "packed": len(body),
            "size": len(data),
            "name": b"cat/%04d.png" % number,
            "extra": b"",
        }
        header = local_header(fields)
        files.insert(0, (fields, header, b""))
        quote = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF) + header
        body, data = quote + body, header + data
    stream, directory = b"", b""
    for position, (fields, header, _) in enumerate(files):
        directory += central_header(fields, len(stream), 0o100644)
        stream += header
        if position + 1 < len(files):
            following = files[position + 1][1]
            stream += struct.pack("<BHH", 0, len(following), len(following) ^ 0xFFFF)
    stream += kernel
    return stream + directory + end_record(copies, len(directory), len(stream))

"""Image files without what they tell of people and places: EXIF (position, serial numbers), XMP, comments, thumbnails.

    JPEG   keeps JFIF without its thumbnail, the ICC profile, Adobe's colour mark and the picture; ends at its end mark
    PNG    keeps the critical chunks and those that say how the pixels are to be shown
    WebP   keeps the picture, the ICC profile and the animation
    TIFF   is written anew without loss, because its facts and its pixels lie in one table

Pixels of JPEG, PNG and WebP are copied bit for bit, unless EXIF says that the picture lies on its side: its mark goes
with the rest, so the picture is turned upright and stored again, PNG without loss and JPEG and WebP at quality 95.
"""

import io
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image

from ml.errors import BadImageError
from ml.image_file import open_image, orientation, upright
from ml.image_limits import INGESTED

_QUALITY = 95
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_SHOWN = frozenset(
    {b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"cICP", b"mDCV", b"cLLI"}
)
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_EXIF_AND_XMP = 0x08 | 0x04
_SCAN, _END = 0xDA, 0xD9
_APP0, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE2, 0xEE, 0xEF, 0xFE
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""Within compressed data, 0xFF is followed by 0 or belongs to a restart mark; everything else is the next segment."""


def without_metadata(data: bytes, name: str = "image") -> bytes:
    """The same picture, upright, in the same format.

    Raises: BadImageError when the picture has to be stored again and cannot be decoded.
    """
    strip = _strip_of(data)
    try:
        stripped = strip(data) if strip is not None else None
    except (ValueError, struct.error, IndexError):  # of an unusual make, though a decoder reads it
        stripped = None
    if stripped == data:
        return data
    try:
        with open_image(data, INGESTED) as image:
            turn = orientation(image)
            if stripped is not None and turn == 1:
                return stripped
            again = _stored_again(upright(image, turn), image.format or "", b"VP8L" in data[:64])
    except (OSError, SyntaxError, ValueError, EOFError, BadImageError) as error:
        raise BadImageError(f"The image {name} cannot be stored without its metadata ({error}).") from error
    strip = _strip_of(again)
    return strip(again) if strip is not None else again


def _strip_of(data: bytes) -> Callable[[bytes], bytes] | None:
    """How metadata is cut out of a file of this format; None for one that must be stored again."""
    if data.startswith(_PNG_START):
        return _png
    if data.startswith(b"\xff\xd8"):
        return _jpeg
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp
    return bytes if data[:2] == b"BM" else None  # a BMP holds nothing but its pixels


def _stored_again(image: Image.Image, kind: str, is_lossless: bool) -> bytes:
    """Encoded in the format it came in, with its ICC profile."""
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": _QUALITY, "subsampling": 0},
        "PNG": {},
        "WEBP": {"quality": 100 if is_lossless else _QUALITY, "lossless": is_lossless},
        "TIFF": {"compression": "tiff_adobe_deflate"},
    }
    kind = "JPEG" if kind == "MPO" else kind
    plain = image.copy()  # no longer bound to the file and its tags
    plain.info = {key: image.info[key] for key in ("transparency",) if key in image.info}
    profile = {"icc_profile": image.info["icc_profile"]} if "icc_profile" in image.info else {}
    buffer = io.BytesIO()
    plain.save(buffer, kind, **options.get(kind, {}), **profile)
    return buffer.getvalue()


# --- cutting it out -----------------------------------------------------------------------------------------------
def _png(data: bytes) -> bytes:
    kept, at = [_PNG_START], len(_PNG_START)
    while True:
        (length,) = struct.unpack_from(">L", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if len(kind) < 4 or end > len(data):
            raise ValueError("the last chunk is cut short")
        if kind[:1].isupper() or kind in _PNG_SHOWN:
            kept.append(data[at:end])
        if kind == b"IEND":
            return b"".join(kept)
        at = end


def _jpeg(data: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(_jpeg_parts(data))


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no segment starts where one should")
        while data[at] == 0xFF:  # any number may fill the place before a marker
            at += 1
        marker = data[at]
        at += 1
        if marker == _END:
            yield b"\xff\xd9"
            return
        if marker in _STANDALONE:
            yield bytes([0xFF, marker])
            continue
        (length,) = struct.unpack_from(">H", data, at)
        payload, at = data[at + 2 : at + length], at + length
        kept = _jpeg_segment(marker, payload)
        if kept is not None:
            yield bytes([0xFF, marker]) + struct.pack(">H", len(kept) + 2) + kept
        if marker == _SCAN:
            found = _NEXT_MARKER.search(data, at)
            if found is None:  # decoders forgive a missing end
                yield data[at:] + b"\xff\xd9"
                return
            yield data[at : found.start()]
            at = found.start()


def _jpeg_segment(marker: int, payload: bytes) -> bytes | None:
    """What is kept of a segment's payload, None for nothing."""
    if marker == _APP0 and payload.startswith(b"JFIF\0"):
        return payload[:12] + b"\0\0"  # a thumbnail of 0 x 0
    if marker == _COMMENT or (_APP0 <= marker <= _APP15 and marker not in (_APP2, _APP14)):
        return None
    if marker == _APP2 and not payload.startswith(b"ICC_PROFILE\0"):
        return None
    return None if marker == _APP14 and not payload.startswith(b"Adobe") else payload


def _webp(data: bytes) -> bytes:
    (size,) = struct.unpack_from("<L", data, 4)
    kept, at, end = [b"WEBP"], 12, min(len(data), 8 + size)
    while at + 8 <= end:
        kind, (length,) = data[at : at + 4], struct.unpack_from("<L", data, at + 4)
        chunk = data[at : at + 8 + length + length % 2]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_EXIF_AND_XMP]) + chunk[9:]
        if kind in _WEBP_KEPT:
            kept.append(chunk)
        at += len(chunk)
    body = b"".join(kept)
    return b"RIFF" + struct.pack("<L", len(body)) + body

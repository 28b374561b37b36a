"""What an exported image no longer tells, and that its picture is the same."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from ml.decode import Decoder
from ml.image_file import open_image
from ml.image_limits import INGESTED
from ml.metadata import without_metadata

SECRET = "Ada-4711"
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><by>{SECRET}</by></x:xmpmeta>'.encode()


def photo(mode: str = "RGB") -> Image.Image:
    """A smooth picture that no turn leaves as it was."""
    rows, columns = np.mgrid[0:48, 0:64]
    pixels = np.stack([rows * 5, columns * 4, (rows + columns) * 2], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def exif(turn: int) -> Image.Exif:
    facts = Image.Exif()
    facts[0x010F] = facts[0xA431] = SECRET
    facts[0x0112] = turn
    facts.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: SECRET})
    return facts


def encoded(kind: str, turn: int = 1, mode: str = "RGB", **options: Any) -> bytes:
    """A file that tells the secret wherever its format can."""
    told: dict[str, Any] = {"exif": exif(turn), "icc_profile": ICC}
    if kind in ("JPEG", "WEBP"):
        told["xmp"] = XMP
    if kind == "JPEG":
        told["comment"] = SECRET
    if kind == "PNG":
        told["pnginfo"] = PngInfo()
        told["pnginfo"].add_text("Author", SECRET)
        told["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=True)
        told["pnginfo"].add_text("Long", SECRET * 99, zip=True)
        told["pnginfo"].add(b"prVt", SECRET.encode())
    buffer = io.BytesIO()
    photo(mode).save(buffer, kind, **{**told, **options})
    return buffer.getvalue()


def tells(data: bytes) -> bool:
    """Whether the secret stands anywhere in the file, as it is or compressed."""
    image = Image.open(io.BytesIO(data))
    image.load()
    known = {"icc_profile", "jfif", "jfif_version", "jfif_unit", "jfif_density", "adobe", "adobe_transform", "dpi"}
    known |= {
        "loop",
        "background",
        "timestamp",
        "duration",
        "compression",
        "progressive",
        "progression",
        "resolution",
        "transparency",
    }
    return SECRET.encode() in data or bool(dict(image.getexif()).keys() - TIFF_TAGS) or bool(image.info.keys() - known)


TIFF_TAGS = {256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 282, 283, 284, 296, 317, 320, 338, 34675}
"""What says how the pixels of a TIFF lie."""


def pixels(data: bytes) -> np.ndarray[Any, Any]:
    """As it is to be seen."""
    image = Image.open(io.BytesIO(data))
    return np.asarray(ImageOps.exif_transpose(image).convert("RGBA")).astype(int)


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True, "quality": 30}),
        ("JPEG", "L", {"restart_marker_rows": 1}),
        ("JPEG", "CMYK", {"icc_profile": b""}),
        ("PNG", "RGB", {}),
        ("PNG", "P", {"transparency": 3}),
        ("PNG", "I;16", {"icc_profile": b""}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("TIFF", "RGB", {}),
        ("TIFF", "P", {"icc_profile": b""}),
    ],
)
def test_an_upright_picture_keeps_every_pixel_and_its_colours_and_tells_nothing(
    kind: str, mode: str, options: dict[str, Any]
) -> None:
    data = encoded(kind, 1, mode, **options)
    assert tells(data)
    stored = without_metadata(data)
    assert not tells(stored)
    assert np.array_equal(pixels(stored), pixels(data))
    before, after = (Image.open(io.BytesIO(one)) for one in (data, stored))
    for told in ("format", "mode", "size"):
        assert getattr(after, told) == getattr(before, told)
    assert after.info.get("icc_profile") == before.info.get("icc_profile")
    assert without_metadata(stored) == stored


@pytest.mark.parametrize("turn", range(2, 9))
@pytest.mark.parametrize(("kind", "tolerance"), [("JPEG", 12), ("PNG", 0), ("WEBP", 14), ("TIFF", 0)])
def test_a_turned_picture_comes_out_upright(kind: str, tolerance: int, turn: int) -> None:
    data = encoded(kind, turn)
    stored = without_metadata(data)
    assert not tells(stored)
    with open_image(stored, INGESTED) as image:
        assert image.format == kind
        assert image.getexif().get(0x0112, 1) == 1
        assert image.info["icc_profile"] == ICC
        assert np.abs(np.asarray(image.convert("RGBA")).astype(int) - pixels(data)).max() <= tolerance


def test_what_hides_behind_a_picture_or_between_its_parts_goes_too() -> None:
    plain = io.BytesIO()
    photo().save(plain, "JPEG", progressive=True)
    data = plain.getvalue()
    scan = data.rindex(b"\xff\xda")
    hidden = b"\xff\xfe" + struct.pack(">H", 2 + len(SECRET)) + SECRET.encode()
    for made in (data[:scan] + b"\xff\xff" + hidden + data[scan:], data + SECRET.encode() + b"PK\3\4"):
        assert without_metadata(made) == data
    frames = io.BytesIO()
    photo().save(frames, "MPO", save_all=True, append_images=[photo("L").convert("RGB")])
    single = without_metadata(frames.getvalue())
    assert Image.open(io.BytesIO(single)).format == "JPEG"
    assert len(single) < len(frames.getvalue()) * 0.7


def test_a_thumbnail_in_the_first_segment_goes() -> None:
    data = encoded("JPEG", exif=b"", xmp=b"", comment=b"")
    at = data.index(b"JFIF\0")
    small = data[: at - 2] + struct.pack(">H", 16 + 48) + data[at : at + 12] + b"\4\4" + b"x" * 48 + data[at + 14 :]
    assert Image.open(io.BytesIO(small)).size == (64, 48)
    assert without_metadata(small) == data


def test_a_file_of_no_metadata_is_the_same_to_the_byte() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "BMP"):
        buffer = io.BytesIO()
        photo().save(buffer, kind)
        assert without_metadata(buffer.getvalue()) == buffer.getvalue(), kind


def test_a_file_that_only_a_forgiving_decoder_understands_is_stored_again() -> None:
    data = encoded("JPEG")
    at = data.index(b"\xff\xfe")
    stored = without_metadata(data[:at] + b"junk" + data[at:])
    assert not tells(stored)
    assert np.abs(pixels(stored) - pixels(data)).max() <= 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_thumbnail_of_an_ingest_tells_nothing_either(kind: str) -> None:
    with Decoder() as decoder:
        assert not tells(decoder.decode(encoded(kind, 6)).thumbnail)

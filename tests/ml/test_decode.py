"""Images of strangers: what becomes of every kind, and what an image can do to the process that decodes it."""

import contextlib
import io
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml import decode
from ml.decode import Decoder
from ml.errors import BadDatasetError, BadImageError
from ml.image_file import read_image
from ml.image_limits import ImageLimits

RED, GREY, BLUE = (200, 30, 30), (90, 90, 90), (30, 30, 200)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def encoded(image: Image.Image, kind: str = "PNG", **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    header = struct.pack(">2L5B", width, height, depth, colour, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + data


def photo(width: int = 40, height: int = 24) -> Image.Image:
    """Smooth, different in all four corners, coloured."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], axis=-1).astype(np.uint8))


# --- what is accepted ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp"), ("BMP", ".bmp"), ("TIFF", ".tif")]
)
def test_every_format_is_known_by_its_content(decoder: Decoder, kind: str, suffix: str) -> None:
    found = decoder.decode(encoded(photo(), kind))
    assert (found.suffix, found.width, found.height, found.is_grey) == (suffix, 40, 24, False)


def test_a_jpeg_with_further_pictures_counts_as_a_jpeg(decoder: Decoder) -> None:
    data = encoded(photo(), "MPO", save_all=True, append_images=[photo(8, 8)])
    assert decoder.decode(data).suffix == ".jpg"


def test_of_an_animation_the_first_frame_counts(decoder: Decoder) -> None:
    frames = [Image.new("RGB", (30, 20), colour) for colour in (RED, BLUE)]
    for kind in ("PNG", "WEBP", "TIFF"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert decoder.decode(data).width == 30
        assert np.abs(np.array(read_image(data).getpixel((9, 9))) - RED).max() < 12


@pytest.mark.parametrize("turn", range(10))
def test_every_exif_orientation_ends_upright(decoder: Decoder, turn: int) -> None:
    upright = photo()
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turned[turn]) if turn in turned else upright
    exif = Image.Exif()
    exif[0x0112] = turn
    data = encoded(stored, "PNG", exif=exif)
    found = decoder.decode(data)
    assert (found.width, found.height) == upright.size
    assert np.array_equal(np.asarray(read_image(data)), np.asarray(upright))
    small = np.asarray(Image.open(io.BytesIO(found.thumbnail)).convert("RGB")).astype(int)
    assert np.abs(small - np.asarray(upright)).max() < 40


def test_a_damaged_exif_block_counts_as_none(decoder: Decoder) -> None:
    data = encoded(photo(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\3\0\0\0\1\xff\xff")
    assert (decoder.decode(data).width, decoder.decode(data).height) == (40, 24)


def test_sixteen_bits_are_scaled_and_not_clipped(decoder: Decoder) -> None:
    values = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    for data in (encoded(Image.fromarray(values), "PNG"), encoded(Image.fromarray(values), "TIFF")):
        assert decoder.decode(data).is_grey
        assert np.array_equal(np.asarray(read_image(data)).ravel(), np.arange(256))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(decoder: Decoder, mode: str) -> None:
    see_through = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    see_through.paste((*GREY, 255), (0, 0, 10, 10))
    data = encoded(see_through.convert(mode), "PNG")
    picture = read_image(data).convert("RGB")
    assert picture.getpixel((15, 5)) == (255, 255, 255)
    assert np.abs(np.array(picture.getpixel((5, 5))) - GREY).max() <= 3
    thumbnail = Image.open(io.BytesIO(decoder.decode(data).thumbnail)).convert("RGB")
    assert thumbnail.getpixel((15, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("rows", "extra", "colour"),
    [
        (bytes([0, 7] + [7] * 9) * 10, chunk(b"tRNS", struct.pack(">H", 7)), 0),
        (bytes([0] + [7, 8, 9] * 10) * 10, chunk(b"tRNS", struct.pack(">3H", 7, 8, 9)), 2),
    ],
)
def test_one_colour_that_stands_for_nothing_becomes_white(rows: bytes, extra: bytes, colour: int) -> None:
    assert read_image(png(10, 10, 8, colour, rows, extra)).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "is_grey"), [("1", True), ("L", True), ("P", False), ("CMYK", False), ("YCbCr", False)]
)
def test_every_mode_becomes_grey_or_colour(decoder: Decoder, mode: str, is_grey: bool) -> None:
    image = Image.new("RGB", (20, 20), RED).convert(mode)
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    data = encoded(image, kind)
    assert decoder.decode(data).is_grey is is_grey
    if not is_grey:
        assert np.abs(np.array(read_image(data).getpixel((5, 5))) - RED).max() < 40


def test_grey_stored_as_colour_is_seen_to_be_grey(decoder: Decoder) -> None:
    image = photo().convert("L").convert("RGB")
    assert all(decoder.decode(encoded(image, kind)).is_grey for kind in ("PNG", "JPEG", "WEBP"))


def test_bytes_behind_the_image_do_no_harm(decoder: Decoder) -> None:
    assert decoder.decode(encoded(photo(), "JPEG") + b"<html><script>alert(1)</script>").suffix == ".jpg"


@pytest.mark.parametrize("size", [(8, 8), (256, 256), (257, 200), (1000, 60), (3000, 2100)])
def test_a_thumbnail_shows_the_whole_picture_and_is_never_enlarged(decoder: Decoder, size: tuple[int, int]) -> None:
    found = decoder.decode(encoded(photo(*size), "JPEG", quality=95))
    small = Image.open(io.BytesIO(found.thumbnail))
    assert small.format == ("WEBP" if max(size) <= 64 else "JPEG"), "without loss where each pixel counts"
    assert max(small.size) == min(256, max(size))
    expected = np.asarray(photo(*small.size)).astype(int)
    assert np.abs(np.asarray(small.convert("RGB")) - expected).mean() < 12


# --- what is refused ----------------------------------------------------------------------------------------------
def _lying_header() -> bytes:
    return png(6000, 1000, 8, 2, b"\0" * 64 * 193)


REFUSED = {
    "nothing": (b"", "empty"),
    "an SVG called png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "a web page": (b"<!DOCTYPE html><script>alert(1)</script>", "web page"),
    "a GIF": (encoded(photo(), "GIF"), "GIF"),
    "a numpy array": (b"\x93NUMPY\x01\x00", "numpy"),
    "a zip": (b"PK\x03\x04" + bytes(40), "zip"),
    "an AVIF": (b"\0\0\0\x1cftypavif" + bytes(40), "AVIF"),
    "random bytes": (bytes(range(200, 250)), "no image"),
    "floating-point pixels": (encoded(Image.new("F", (20, 20), 0.5), "TIFF"), "floating-point"),
    "32-bit pixels beyond 16 bits": (encoded(Image.new("I", (20, 20), 70_000), "TIFF"), "from 70000 to 70000"),
    "Lab": (encoded(Image.new("LAB", (20, 20)), "TIFF"), "Lab"),
    "too small": (encoded(photo(7, 30)), "sides from 8 to 8192"),
    "too long": (encoded(photo(9000, 600)), "sides from 8 to 8192"),
    "too narrow": (encoded(photo(200, 8)), "20 times"),
    "too many pixels": (encoded(Image.new("1", (8192, 8000))), "at most 64,000,000"),
    "nought wide": (png(0, 10, 8, 0, b""), "damaged"),
    "two thousand million wide": (png(2**31 - 1, 10, 8, 0, b""), "sides from 8|damaged"),
    "a header that lies about the size": (_lying_header(), "damaged"),
    "a text chunk that explodes": (
        png(10, 10, 8, 0, bytes(110), chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80 * 2**20)))),
        "damaged",
    ),
    "too large a file": (b"\x89PNG" + bytes(64 * 2**20), "bytes; at most"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_usable_image_is_one_sentence(decoder: Decoder, case: str) -> None:
    data, words = REFUSED[case]
    with pytest.raises(BadImageError, match=words) as fault:
        decoder.decode(data)
    assert fault.value.message.endswith(".")
    assert fault.value.message.isprintable()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 0.95])
def test_a_truncated_image_is_refused(decoder: Decoder, kind: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8))
    whole = encoded(noise, kind)
    with pytest.raises(BadImageError):
        decoder.decode(whole[: int(len(whole) * share)])


def test_a_format_that_is_switched_off_is_not_decoded() -> None:
    with Decoder(ImageLimits(formats=("PNG",))) as decoder:
        assert decoder.decode(encoded(photo())).suffix == ".png"
        with pytest.raises(BadImageError, match="expected PNG"):
            decoder.decode(encoded(photo(), "TIFF"))


# --- what the process can bear and do -----------------------------------------------------------------------------
def child_of(decoder: Decoder) -> int:
    child = decoder._child
    assert child is not None
    return child.pid


def status(pid: int, key: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def test_the_largest_allowed_image_stays_within_half_a_gigabyte() -> None:
    with Decoder(ImageLimits(cpu_s=60)) as decoder:
        found = decoder.decode(png(8000, 8000, 8, 6, bytes(8000 * 32001)))
        assert (found.width, found.height) == (8000, 8000)
        assert status(child_of(decoder), "VmHWM") < 512 * 1024


def test_more_memory_than_allowed_is_one_sentence_and_the_child_goes_on() -> None:
    with Decoder(ImageLimits(memory_bytes=40 * 2**20)) as decoder:
        with pytest.raises(BadImageError, match="more than 40 MiB"):
            decoder.decode(encoded(Image.new("RGB", (5000, 5000))))
        assert decoder.decode(encoded(photo())).width == 40


def test_the_child_can_open_nothing_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    with Decoder() as decoder:
        decoder.decode(encoded(photo()))
        process = Path(f"/proc/{child_of(decoder)}")
        assert b"do not tell" not in (process / "environ").read_bytes()
        limits = {line[:25].strip(): line[25:].split() for line in (process / "limits").read_text().splitlines()}
        assert limits["Max open files"][:2] == ["3", "3"]
        assert limits["Max file size"][:2] == ["0", "0"]
        assert limits["Max processes"][:2] == ["0", "0"]
        assert len(list((process / "fd").iterdir())) == 3


def test_the_sealed_child_reads_all_that_an_open_one_reads() -> None:
    """No plug-in of the imaging library is loaded only when it is first needed: that would fail behind the seal."""
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF"):
        with Decoder() as fresh:
            assert fresh.decode(encoded(photo(), kind)).width == 40
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        with Decoder() as fresh:
            assert fresh.decode(encoded(photo(), "TIFF", compression=compression)).width == 40


def test_an_image_that_ends_the_child_is_told_and_the_next_one_goes_on() -> None:
    with Decoder() as decoder:
        first = decoder.decode(encoded(photo()))
        os.kill(child_of(decoder), signal.SIGSTOP)
        decoder.start(encoded(photo()))
        os.kill(child_of(decoder), signal.SIGKILL)
        with pytest.raises(BadImageError, match="made the decoder stop"):
            decoder.finish()
        assert decoder.decode(encoded(photo())) == first


def test_an_image_without_an_answer_is_told_and_the_next_one_goes_on() -> None:
    with Decoder(ImageLimits(wall_s=1)) as decoder:
        decoder.decode(encoded(photo()))
        stopped = child_of(decoder)
        os.kill(stopped, signal.SIGSTOP)
        with pytest.raises(BadImageError, match="no answer within 1 s"):
            decoder.decode(encoded(photo()))
        assert not Path(f"/proc/{stopped}").exists()


def test_a_jpeg_of_endless_scans_is_stopped_by_its_processor_time() -> None:
    whole = encoded(Image.new("L", (4000, 4000), 128), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    bomb = whole[:last] + whole[last:-2] * 3000 + b"\xff\xd9"
    with Decoder(ImageLimits(cpu_s=1)) as decoder:
        with pytest.raises(BadImageError, match="more than 1 s of processor time"):
            decoder.decode(bomb)
        assert decoder.decode(encoded(photo())).width == 40


def test_a_source_full_of_images_that_end_the_child_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "_MAX_DEATHS", 2)
    with Decoder() as decoder:
        for fault in (BadImageError, BadDatasetError):
            decoder.decode(encoded(photo()))
            os.kill(child_of(decoder), signal.SIGSTOP)
            decoder.start(encoded(photo()))
            os.kill(child_of(decoder), signal.SIGKILL)
            with pytest.raises(fault):
                decoder.finish()


def test_the_child_ends_with_its_decoder() -> None:
    with Decoder() as decoder:
        decoder.decode(encoded(photo()))
        pid = child_of(decoder)
    assert not Path(f"/proc/{pid}").exists()


def test_the_child_ends_when_its_parent_is_killed() -> None:
    code = (
        "import sys, time; from ml.decode import Decoder; decoder = Decoder(); decoder.start(b'x'); "
        "print(decoder._child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert "decode_child" in Path(f"/proc/{pid}/cmdline").read_text()
        parent.kill()
    deadline = time.monotonic() + 20
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while "decode_child" in Path(f"/proc/{pid}/cmdline").read_text():
            assert time.monotonic() < deadline, "the decoding child outlived its parent"
            time.sleep(0.05)


def test_the_child_loads_nothing_heavy() -> None:
    code = "import sys, ml.decode_child; print(*{'torch', 'numpy', 'pydantic', 'scipy'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []


# --- published images ---------------------------------------------------------------------------------------------
@pytest.mark.real_data
@pytest.mark.skipif(not os.environ.get("ATELIER_REAL_DATA"), reason="ATELIER_REAL_DATA names no folder of dirty-images")
def test_every_published_dirty_image_ends_as_a_picture_or_as_one_sentence(decoder: Decoder) -> None:
    root = Path(os.environ["ATELIER_REAL_DATA"]) / "dirty-images"
    pictures, sentences = {}, {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        try:
            pictures[path.name] = decoder.decode(path.read_bytes())
        except BadImageError as error:
            sentences[path.name] = error.message
    assert len(pictures) > 55
    assert len(sentences) > 20
    assert all(sentence.endswith(".") and sentence.isprintable() for sentence in sentences.values())
    for side in ("Landscape", "Portrait"):
        sizes = {(found.width, found.height) for name, found in pictures.items() if name.startswith(side)}
        assert sizes == {(1800, 1200) if side == "Landscape" else (1200, 1800)}

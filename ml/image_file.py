"""What an image file becomes: the rules by which a stranger's bytes turn into an upright 8-bit picture.

They stand here alone: the thumbnail of an ingest, the report's facts and the pack of a run all come from them.

    formats        PNG, JPEG, WebP, BMP, TIFF; the content decides, never the name; of several frames the first
    size           sides 8..8192, at most 64 Mpx, no side more than 20 times the other, file at most 64 MiB
    orientation    EXIF applied; a damaged EXIF block counts as none
    16 bits        0..65535 scaled to 0..255 by 1/257, never clipped and never stretched: dark stays dark even when no
                   value exceeds 255; 32-bit integers only when they lie within 0..65535
    transparency   laid on white
    palette, CMYK  turned into RGB
    refused        floating-point pixels and Lab, which have no agreed 8-bit picture
    colour         grey when no pixel's channels differ by more than 2 of 255 at thumbnail size

Imports neither numpy nor torch: the decoding child must start at once.
"""

import io

from PIL import Image, ImageChops, UnidentifiedImageError

from ml.errors import BadImageError
from ml.image_limits import ImageLimits
from ml.label_colours import in_colours

SUFFIX_OF = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif"}
"""Pillow's name of a format -> the ending of the stored original. MPO is a JPEG with further frames."""
THUMBNAIL_SIDE = 256
FINGERPRINT_SIDE, FINGERPRINT_COLOURS = 16, 2
FINGERPRINT_BYTES = FINGERPRINT_SIDE**2 + 2 * FINGERPRINT_COLOURS**2
_GREY_TOLERANCE = 2
_SOME_SIDE = 16
_STRIP_PIXELS = 4_000_000
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(data: bytes, limits: ImageLimits | None = None) -> Image.Image:
    """The whole picture, decoded fully, upright, in mode "L" or "RGB".

    Raises: BadImageError for what the rules refuse; damaged data raises what Pillow raises.
    """
    with open_image(data, limits or ImageLimits()) as image:
        return upright(eight_bit(image), orientation(image))


def open_image(data: bytes, limits: ImageLimits) -> Image.Image:
    """The first frame, decoded fully, with its own mode and orientation.

    Raises: BadImageError for what the rules refuse; damaged data raises what Pillow raises.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=limits.formats)
    except UnidentifiedImageError:
        raise BadImageError(f"{_what_it_is(data)}; expected {_in_words(limits.formats)}.") from None
    _check_size(image.size, limits)
    announced = image.size
    image.load()
    if image.size != announced:
        raise BadImageError(f"The header says {announced} pixels and the data hold {image.size}; save the image again.")
    return image


def _check_size(size: tuple[int, int], limits: ImageLimits) -> None:
    width, height = size
    low, high = sorted(size)
    if low < limits.min_side or high > limits.max_side:
        raise BadImageError(
            f"The image is {width} x {height} pixels; sides from {limits.min_side} to {limits.max_side} are accepted."
        )
    if width * height > limits.max_pixels:
        raise BadImageError(f"The image is {width} x {height} pixels; at most {limits.max_pixels:,} in all are read.")
    if high > low * limits.max_aspect:
        raise BadImageError(
            f"The image is {width} x {height} pixels; one side may be at most {limits.max_aspect} times the other."
        )


def eight_bit(image: Image.Image) -> Image.Image:
    """The same pixels in mode "L" or "RGB", not yet turned upright.

    Raises: BadImageError for modes without an agreed 8-bit picture.
    """
    if image.mode in ("F", "LAB"):
        kind = "floating-point numbers" if image.mode == "F" else "the colour space Lab"
        raise BadImageError(f"The pixels are in {kind}; save the image with 8 or 16 bits in grey or RGB.")
    if image.mode.startswith("I"):
        return _from_16_bit(image)
    if image.has_transparency_data:
        opaque = Image.new("RGBA", image.size, "white")
        opaque.alpha_composite(image.convert("RGBA"))
        return opaque.convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _from_16_bit(image: Image.Image) -> Image.Image:
    values = image if image.mode == "I" else image.convert("I")
    low, high = values.getextrema()
    if not 0 <= low <= high <= 65535:  # type: ignore[operator]
        raise BadImageError(f"The pixels run from {low} to {high}; whole numbers from 0 to 65535 are accepted.")
    return values.point(lambda value: value * (1 / 257) + 0.5).convert("L")


def orientation(image: Image.Image) -> int:
    """The EXIF orientation 1..8; 1 when there is none, or the block is damaged."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (OSError, ValueError, TypeError, LookupError, SyntaxError, ArithmeticError, AttributeError):
        # hostile EXIF raises anything at all; the picture itself is whole
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright_size(image: Image.Image, turn: int) -> tuple[int, int]:
    """(width, height) of the picture as it is to be seen; `turn` is its orientation."""
    return (image.height, image.width) if turn >= 5 else image.size


def upright(image: Image.Image, turn: int) -> Image.Image:
    """The picture as it is to be seen; `turn` is its orientation."""
    return image.transpose(_TURNS[turn]) if turn in _TURNS else image


def thumbnail(image: Image.Image, turn: int) -> Image.Image:
    """The picture in mode "L" or "RGB", turned upright, at most 256 pixels a side, never enlarged.

    Works in strips, so that a large image is never held twice.
    """
    factor = max(1, max(image.size) // THUMBNAIL_SIDE)
    if factor == 1:
        small = eight_bit(image)
    else:
        rows = max(1, _STRIP_PIXELS // image.width // factor) * factor
        strips = [
            eight_bit(image.crop((0, top, image.width, min(top + rows, image.height)))).reduce(factor)
            for top in range(0, image.height, rows)
        ]
        small = _stacked(strips)
    # HAMMING is as sharp as bicubic when shrinking, at half the time
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.HAMMING)
    return upright(small, turn)


def map_thumbnail(image: Image.Image, turn: int) -> Image.Image:
    """A label map in the colours of `ml/label_colours.py`, turned upright, at most 256 pixels a side, never blurred."""
    share = min(1.0, THUMBNAIL_SIDE / max(image.size))
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return upright(in_colours(eight_bit(image.resize(size, Image.Resampling.NEAREST))), turn)


def _stacked(strips: list[Image.Image]) -> Image.Image:
    whole = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    return whole


def fingerprint(small: Image.Image) -> bytes:
    """What a thumbnail looks like, for `ml.near`: 16 x 16 mean greys, then 2 x 2 means of Cb and of Cr; 264 bytes."""
    tiny = (small if small.mode == "RGB" else small.convert("RGB")).resize(
        (FINGERPRINT_SIDE, FINGERPRINT_SIDE), Image.Resampling.BOX
    )
    grey = tiny.convert("L")
    colours = tiny.convert("YCbCr").resize((FINGERPRINT_COLOURS, FINGERPRINT_COLOURS), Image.Resampling.BOX)
    _, blue, red = colours.split()
    return grey.tobytes() + blue.tobytes() + red.tobytes()


def is_grey(image: Image.Image) -> bool:
    """Whether a picture in mode "L" or "RGB" shows no colour."""
    if image.mode == "L":
        return True
    # a few of its pixels tell most pictures in colour at once
    some = image.resize((_SOME_SIDE, _SOME_SIDE), Image.Resampling.NEAREST)
    return _without_colour(some) and _without_colour(image)


def _without_colour(image: Image.Image) -> bool:
    red, green, blue = image.split()
    for one, other in ((red, green), (green, blue), (blue, red)):
        if ImageChops.difference(one, other).getextrema()[1] > _GREY_TOLERANCE:  # type: ignore[operator]
            return False
    return True


def _in_words(formats: tuple[str, ...]) -> str:
    names = {"WEBP": "WebP"}
    *rest, last = [names.get(name, name) for name in formats]
    return f"{', '.join(rest)} or {last}" if rest else last


def _what_it_is(data: bytes) -> str:
    if not data:
        return "The file is empty (0 bytes)"
    head = data[:64].lstrip().lower()
    known = {
        b"\x89png": "a PNG with a damaged start",
        b"\xff\xd8": "a JPEG with a damaged start",
        b"riff": "a damaged WebP, or a sound or video file",
        b"ii*\x00": "a damaged TIFF",
        b"mm\x00*": "a damaged TIFF",
        b"gif8": "a GIF",
        b"8bps": "a Photoshop file",
        b"<svg": "an SVG drawing",
        b"<?xml": "an XML or SVG file",
        b"<!doctype": "a web page",
        b"<html": "a web page",
        b"%pdf": "a PDF",
        b"pk\x03\x04": "a zip archive",
        b"\x00\x00\x01\x00": "an icon",
        b"\x00\x00\x00\x0cjp": "a JPEG 2000 image",
        b"p5": "a PGM image",
        b"p6": "a PPM image",
        b"\x93numpy": "a numpy array",
    }
    for start, name in known.items():
        if head.startswith(start):
            return f"The content is {name}"
    if data[4:8] == b"ftyp":
        return "The content is an AVIF, HEIC or video file"
    return "The content is no image of a known format"

"""The child process in which strangers' images are decoded; started by `ml.decode`, never by hand.

Asked on stdin: 8 bytes length, 1 byte that says whether it is half of a pair, then the file's bytes. Answered on
stdout: 4 bytes length of a JSON object, 4 bytes length of a thumbnail, then both. Before the first image the process
gives up all it does not need: it can open no file and no socket, write no file, start no process, and has a bound on
memory and on processor time per image.
"""

import io
import json
import resource
import struct
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from ml.errors import BadImageError
from ml.image_file import (
    SUFFIX_OF,
    fingerprint,
    is_grey,
    map_thumbnail,
    open_image,
    orientation,
    thumbnail,
    upright_size,
)
from ml.image_limits import ImageLimits
from ml.label_colours import has_few_colours
from ml.look import look_of

_PLUGINS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Imported before the process is sealed; afterwards nothing can be imported."""
_LOSSLESS_SIDE = 64
_QUALITY = 80


def main() -> None:
    values = json.loads(sys.argv[1])
    limits = ImageLimits(**{**values, "formats": tuple(values["formats"])})
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    warnings.simplefilter("ignore")
    _seal(limits.memory_bytes)
    while True:
        header = sys.stdin.buffer.read(9)
        if len(header) < 9:
            return
        length, is_half = struct.unpack("<Q?", header)
        data = sys.stdin.buffer.read(length)
        _allow_processor_time(limits.cpu_s)
        _answer(*_examine(data, limits, is_half))
        del data


def _seal(memory_bytes: int) -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    bound = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(kind, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _allow_processor_time(seconds: int) -> None:
    # the bound counts from the process's start, so it moves on with every image
    soft = int(time.process_time()) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _examine(data: bytes, limits: ImageLimits, is_half: bool = False) -> tuple[dict[str, Any], bytes]:
    """Facts and thumbnail of an image, or {"reason": one sentence} and no thumbnail."""
    try:
        with open_image(data, limits) as image:
            turn = orientation(image)
            is_map = is_half and has_few_colours(image)
            small = map_thumbnail(image, turn) if is_map else thumbnail(image, turn)
            width, height = upright_size(image, turn)
            facts = {
                "suffix": SUFFIX_OF[image.format or ""],
                "width": width,
                "height": height,
                "is_grey": is_grey(small),
                "fingerprint": fingerprint(small).hex(),
                "look": look_of(small),
            }
            return facts, _picture(small)
    except BadImageError as error:
        return {"reason": error.message}, b""
    except MemoryError:
        megabytes = limits.memory_bytes // 2**20
        return {"reason": f"Decoding needs more than {megabytes} MiB of memory; save the image smaller."}, b""
    except Exception as error:  # noqa: BLE001 - the edge: on hostile bytes a decoder raises anything
        text = "".join(char if char.isprintable() else "?" for char in str(error))[:200]
        return {"reason": f"The image is damaged ({text or type(error).__name__}); replace it or save it again."}, b""


def _picture(small: Image.Image) -> bytes:
    """WebP without loss where pixels are seen one by one; else JPEG, which is made in a fifth of WebP's time."""
    buffer = io.BytesIO()
    if max(small.size) <= _LOSSLESS_SIDE:
        small.save(buffer, "WEBP", quality=0, lossless=True, method=0)
    else:
        small.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _answer(facts: dict[str, Any], picture: bytes) -> None:
    text = json.dumps(facts).encode()
    sys.stdout.buffer.write(struct.pack("<II", len(text), len(picture)) + text + picture)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

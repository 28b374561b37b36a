"""The handwritten digits that scikit-learn carries, as class folders: `python -m ml.digits FOLDER`.

1,797 grey images of 8x8 pixels in ten classes, from E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten
Digits", UCI Machine Learning Repository, 1998: small enough to try everything on in minutes, and there with no network.
"""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

GREATEST = 16
"""The digits' darkest value; they are counts of black pixels in 4x4 blocks."""


def write_digits(folder: Path) -> int:
    """Write `<digit>/<number>.png` below `folder`, whole or not at all; returns the number of images.

    Raises: FileExistsError when the folder is there already.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} exists already; name a new folder.")
    digits = load_digits()
    pixels = np.round(digits.images * (255 / GREATEST)).astype(np.uint8)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        for number, (image, digit) in enumerate(zip(pixels, digits.target, strict=True)):
            place = temporary / str(digit)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{number:04d}.png")
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return len(pixels)


def main(arguments: list[str]) -> int:
    """Write the digits to the one folder named."""
    if len(arguments) != 1:
        print("usage: python -m ml.digits FOLDER", file=sys.stderr)
        return 2
    try:
        count = write_digits(Path(arguments[0]))
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{count} images in {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

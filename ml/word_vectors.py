"""Word vectors of attribute names, where the operator supplies them; nothing is fetched.

Tomas Mikolov, Kai Chen, Greg Corrado, Jeffrey Dean: Efficient Estimation of Word Representations in Vector Space,
2013, https://arxiv.org/abs/1301.3781.

The file is a JSON object of words in lower case, each with its numbers: {"hair": [0.1, ...], "black": [...]}. A name of
several words, such as Black_Hair, is the mean of its words' vectors, each brought to length 1.
"""

import json
import math
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.attribute_lines import WORD_VECTORS
from ml.errors import BadSettingsError

VARIABLE = WORD_VECTORS
MAX_BYTES = 512 * 2**20


def word_vectors(names: Sequence[str]) -> NDArray[np.float32]:
    """float32 [len(names), numbers of a word vector].

    Raises: BadSettingsError when there is no file, it is no such file, or lacks words of these names.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        raise BadSettingsError(
            f"word2vec needs word vectors and none are supplied; set {VARIABLE} to the absolute path of a JSON object "
            "of words and their numbers, or choose another representation."
        )
    return _vectors(Path(name), tuple(names))


def words_in(name: str) -> list[str]:
    """Black_Hair -> black, hair; mouthOpen -> mouth, open."""
    apart = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"[^\W\d_]+|\d+", apart)]


def _vectors(file: Path, names: tuple[str, ...]) -> NDArray[np.float32]:
    try:
        changed = file.stat().st_mtime_ns
        if file.stat().st_size > MAX_BYTES:
            raise BadSettingsError(
                f"{file} has more than {MAX_BYTES >> 20} MiB; keep only the words of the attributes in it."
            )
    except OSError as error:
        raise BadSettingsError(f"{VARIABLE} names {file}, which cannot be read ({error}).") from error
    return _found(file, changed, names).copy()


@lru_cache(maxsize=4)
def _found(file: Path, changed: int, names: tuple[str, ...]) -> NDArray[np.float32]:
    known = _read(file)
    words = [words_in(name) for name in names]
    missing = sorted({word for own in words for word in own if word not in known})
    nameless = [name for name, own in zip(names, words, strict=True) if not own]
    if missing or nameless:
        raise BadSettingsError(
            f"{file} has no vectors of {', '.join([*missing, *nameless])}, of which names of attributes are made; add "
            "them to it, or choose another representation than word2vec."
        )
    vectors = {word: _checked(file, word, known[word]) for own in words for word in own}
    if len({len(vector) for vector in vectors.values()}) > 1:
        raise BadSettingsError(f"{file} has vectors of different lengths; expected as many numbers for every word.")
    return np.array([np.mean([vectors[word] for word in own], axis=0) for own in words], np.float32)


def _read(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSettingsError(f"{file} is no readable JSON ({error}); expected words and their numbers.") from error
    if not isinstance(known, dict):
        raise BadSettingsError(
            f'{file} holds no JSON object; expected words and their numbers, {{"hair": [0.1, 0.2]}}.'
        )
    return known


def _checked(file: Path, word: str, values: Any) -> NDArray[np.float64]:
    """Of length 1."""
    is_vector = isinstance(values, list) and values and all(isinstance(one, int | float) for one in values)
    length = math.hypot(*values) if is_vector else 0.0
    if not (0 < length < math.inf):
        raise BadSettingsError(f"{file} has no finite numbers for {word!r}; expected a list such as [0.1, 0.2].")
    return np.array(values, np.float64) / length

"""The digits that everything can be tried on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from ml.digits import main, write_digits


def test_the_digits_lie_in_class_folders_with_their_own_pixels(tmp_path: Path) -> None:
    assert write_digits(tmp_path / "digits") == 1797
    classes = sorted(path.name for path in (tmp_path / "digits").iterdir())
    assert classes == list("0123456789")
    with Image.open(tmp_path / "digits" / "0" / "0000.png") as image:
        assert image.mode == "L"
        assert np.array_equal(np.round(np.asarray(image) * (16 / 255)), load_digits().images[0])


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "digits").mkdir()
    assert main([str(tmp_path / "digits")]) == 1
    assert "exists already" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "digits"]

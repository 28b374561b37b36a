import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ml.decode import Decoder
from ml.errors import BadImageError
from ml.fit import Fit, fit_image
from ml.images import is_grey, open_image, png_bytes, strip, to_model, to_pixels, write_png


@pytest.mark.parametrize("image_range", [(-1.0, 1.0), (0.0, 1.0)])
def test_every_pixel_value_survives_the_way_to_a_model_and_back(image_range: tuple[float, float]) -> None:
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1).repeat(2, 1, 1, 3)
    image = to_model(pixels, image_range)
    assert image.shape == (2, 3, 16, 16)
    assert image.is_contiguous(memory_format=torch.channels_last)
    assert (image.min().item(), image.max().item()) == pytest.approx(image_range)
    assert torch.equal(to_pixels(image, image_range), pixels)


def test_values_outside_the_range_are_clamped_and_others_rounded() -> None:
    image = torch.tensor([-9.0, 9.0, 0.0, 0.25 / 127.5]).view(1, 1, 2, 2)
    assert to_pixels(image, (-1.0, 1.0)).flatten().tolist() == [0, 255, 128, 128]


def wide(mode: str = "RGB") -> Image.Image:
    """White, 40 x 20, with a red left and a blue right quarter."""
    image = Image.new("RGB", (40, 20), "white")
    image.paste((255, 0, 0), (0, 0, 10, 20))
    image.paste((0, 0, 255), (30, 0, 40, 20))
    return image.convert(mode)


def test_crop_cuts_the_middle() -> None:
    assert (fit_image(wide(), 20, "crop", 3)[:, 2:-2] == 255).all()


def test_stretch_keeps_everything() -> None:
    pixels = fit_image(wide(), 20, "stretch", 3)
    assert pixels[10, 1].tolist() == [255, 0, 0]
    assert pixels[10, -2].tolist() == [0, 0, 255]


def test_pad_adds_borders_in_the_colour_of_the_image_s_own_edge() -> None:
    dark = Image.new("L", (40, 20), 7)
    dark.paste(200, (15, 5, 25, 15))
    pixels = fit_image(dark, 40, "pad", 1)[..., 0]
    assert set(pixels[0]) == set(pixels[-1]) == {7}
    assert pixels[20, 20] == 200


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (64, 64)])
def test_every_rule_gives_a_square_of_every_image(fit: Fit, channels: int, size: tuple[int, int]) -> None:
    assert fit_image(Image.new("RGB", size, "red"), 16, fit, channels).shape == (16, 16, channels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode_is_read_as_grey_or_colour_of_eight_bits(mode: str, tmp_path: Path) -> None:
    file = tmp_path / ("a.tiff" if mode == "CMYK" else "a.png")
    Image.new(mode, (9, 9)).save(file)
    assert open_image(file).mode in ("L", "RGB")


@pytest.mark.parametrize("brightest", [60, 255, 65535])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_scaled_alike_for_thumbnail_report_and_pack(
    brightest: int, ending: str, tmp_path: Path
) -> None:
    values = np.linspace(0, brightest, 256, dtype=np.uint16).reshape(16, 16)
    file = tmp_path / f"a.{ending}"
    Image.fromarray(values).save(file)
    with Decoder() as decoder:
        found = decoder.decode(file.read_bytes())
    thumbnail = np.asarray(Image.open(io.BytesIO(found.thumbnail)).convert("L"))
    packed = fit_image(open_image(file), 16, "crop", 1)[..., 0]
    assert np.array_equal(packed, np.rint(values / 257))
    assert np.array_equal(thumbnail, packed)
    assert found.is_grey
    assert is_grey(file)


def test_faint_colour_counts_alike_in_the_report_and_in_the_pack(tmp_path: Path) -> None:
    grey = Image.effect_noise((40, 40), 60).convert("RGB")
    for quality in (50, 95):
        file = tmp_path / f"{quality}.jpg"
        grey.save(file, quality=quality)
        with Decoder() as decoder:
            assert decoder.decode(file.read_bytes()).is_grey is is_grey(file) is True
    red, *others = grey.split()
    Image.merge("RGB", [red.point(lambda value: min(255, value + 1)), *others]).save(tmp_path / "faint.png")
    with Decoder() as decoder:
        assert decoder.decode((tmp_path / "faint.png").read_bytes()).is_grey is is_grey(tmp_path / "faint.png") is True


def test_transparency_is_laid_on_white_and_orientation_is_obeyed(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert (np.asarray(open_image(tmp_path / "a.png")) == 255).all()
    exif = Image.Exif()
    exif[0x0112] = 6
    wide().save(tmp_path / "b.jpg", exif=exif)
    assert open_image(tmp_path / "b.jpg").size == (20, 40)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"0" * 50])
def test_what_is_no_image_is_named(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(data)
    for read in (open_image, is_grey):
        with pytest.raises(BadImageError, match=r"bad\.png"):
            read(tmp_path / "bad.png")


def test_grey_is_what_holds_no_colour_whatever_its_mode(tmp_path: Path) -> None:
    for name, image, answer in (
        ("grey.png", Image.new("L", (4, 4)), True),
        ("rgb.png", Image.linear_gradient("L").convert("RGB"), True),
        ("red.png", Image.new("RGB", (4, 4), "red"), False),
        ("palette.png", Image.new("RGB", (4, 4), "red").convert("P"), False),
    ):
        image.save(tmp_path / name)
        assert is_grey(tmp_path / name) is answer, name


def test_a_strip_holds_its_tiles_in_order(tmp_path: Path) -> None:
    tiles = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((5, 4, 4, 3), np.uint8)
    assert strip(tiles).shape == (4, 20, 3)
    sheet = strip(tiles, 3)
    assert sheet.shape == (8, 12, 3)
    assert sheet[::4, ::4, 0].tolist() == [[0, 1, 2], [3, 4, 0]]
    write_png(tmp_path / "new" / "row.png", sheet)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "new" / "row.png")), sheet)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["row.png"]


def test_png_is_lossless_in_grey_too() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 1), np.uint8)
    assert np.array_equal(np.asarray(open_image(png_bytes(pixels)))[..., None], pixels)

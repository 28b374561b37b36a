"""The datasets of benchmarks/translation.md, as folders that `python -m ml` reads.

python -m benchmarks.translation_data NAME FOLDER
"""

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.ml.rendered_attributes import NAMES, factors, render
from tests.real_data import clothing, folder

NUM_TRAIN, NUM_VAL = 2_000, 400


def write_rendered(out: Path) -> None:
    """Rendered shapes with six known attributes, listed as CelebA's are."""
    images = out / "img_celeba"
    images.mkdir(parents=True)
    attributes, partition = [str(NUM_TRAIN + NUM_VAL), " ".join(NAMES)], []
    for number in range(NUM_TRAIN + NUM_VAL):
        has, name = factors(number), f"{number:06d}.png"
        render(has, number).save(images / name)
        attributes.append(" ".join([name, *("1" if value else "-1" for value in has)]))
        partition.append(f"{name} {0 if number < NUM_TRAIN else 1}")
    (out / "list_attr_celeba.txt").write_text("\n".join(attributes) + "\n", encoding="utf-8")
    (out / "list_eval_partition.txt").write_text("\n".join(partition) + "\n", encoding="utf-8")


def write_fairface(out: Path) -> None:
    """The faces, with gender and age groups."""
    shutil.copytree(_of("fairface540"), out)


def write_tops(out: Path) -> None:
    """Photos of shirts with long sleeves, and of t-shirts."""
    _classes(out, ("longsleeve", "t-shirt"))


def write_trousers(out: Path) -> None:
    """Photos of long trousers and of short ones."""
    _classes(out, ("pants", "shorts"))


def write_clothing(out: Path) -> None:
    """All ten kinds of clothes."""
    shutil.copytree(_of("clothing-cc0"), out)


def write_camvid(out: Path) -> None:
    """Street scenes (A) and their label maps (B), with the splits of the set."""
    source = _of("camvid") / "CamVid"
    for split in ("train", "val", "test"):
        shutil.copytree(source / split, out / split / "A")
        shutil.copytree(source / f"{split}annot", out / split / "B")


def _classes(out: Path, names: tuple[str, ...]) -> None:
    root = clothing()
    if root is None:
        raise SystemExit("Set ATELIER_REAL_DATA to the folder of the real images.")
    for split in ("train", "test"):
        for name in names:
            shutil.copytree(root / split / name, out / split / name)


def _of(name: str) -> Path:
    found = folder(name)
    if found is None:
        raise SystemExit(f"Set ATELIER_REAL_DATA to the folder that holds {name}.")
    return found


DATA: dict[str, Callable[[Path], None]] = {
    "rendered": write_rendered,
    "fairface": write_fairface,
    "tops": write_tops,
    "trousers": write_trousers,
    "clothing": write_clothing,
    "camvid": write_camvid,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=DATA)
    parser.add_argument("folder", type=Path, help="a new folder")
    asked = parser.parse_args()
    DATA[asked.name](asked.folder)


if __name__ == "__main__":
    main()

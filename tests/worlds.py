"""Small real worlds for tests: rows and files as the product itself leaves them."""

import hashlib
import io
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from PIL import Image

from ml.records import ImageRecord
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.datasets.models import Dataset, DatasetImage, DatasetVersion
from webapp.gallery.models import Pool
from webapp.gallery.services import pools, selections
from webapp.runs.events import PoolCreated, PoolCreatedData
from webapp.runs.models import Run, RunState
from webapp.runs.services import attempt
from webapp.runs.services.launch import start_run
from webapp.studies.models import Study
from webapp.studies.services.launch import Asked, start_study

CLASSES = ["bar", "dot"]


def make_version(lab: Lab, **values: Any) -> DatasetVersion:
    """A dataset version without images, in the state `ready` unless said otherwise."""
    dataset = Dataset.objects.create(lab=lab, name=f"Dataset {uuid.uuid4().hex[:8]}")
    values = {"state": DatasetVersion.State.READY, "classes": CLASSES, **values}
    return DatasetVersion.objects.create(dataset=dataset, number=1, **values)


def picture(label: str, number: int, size: int = 16) -> bytes:
    """A grey PNG: a vertical bar or a dot somewhere, with a little noise so that no two are equal."""
    random = np.random.default_rng([CLASSES.index(label), number])
    pixels = random.integers(0, 40, (size, size), dtype=np.uint8)
    x, y = random.integers(3, size - 3, 2)
    if label == "bar":
        pixels[:, x - 1 : x + 1] = 230
    else:
        pixels[y - 2 : y + 2, x - 2 : x + 2] = 230
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def make_dataset(lab: Lab, train: int = 24, val: int = 8, test: int = 4) -> DatasetVersion:
    """A version of small grey pictures in two classes, with so many images of each class in each split."""
    version = make_version(lab)
    sizes = {"train": train, "val": val, "test": test}
    rows = []
    for split, size in sizes.items():
        for label in CLASSES:
            for _ in range(size):
                number = len(rows)
                name = f"{split}/{label}/{number}.png"
                one = {"name": name, "label": label, "split": split, "is_grey": True}
                rows.append(_image_of(version, number, picture(label, number), **one))
    version.counts = {split: dict.fromkeys(CLASSES, size) for split, size in sizes.items()}
    return _filled(version, rows)


def make_attribute_dataset(lab: Lab, train: int = 40, val: int = 12) -> DatasetVersion:
    """A version of rendered images with six attributes, whose classes bear their names."""
    # it brings torch along, which few tests of the web need
    from tests.ml.rendered_attributes import NAMES, NONE, factors, render

    version = make_version(lab, classes=[*NAMES, NONE], attributes=list(NAMES))
    Dataset.objects.filter(pk=version.dataset_id).update(kind="attribute_images")
    version.dataset.refresh_from_db()
    rows = []
    counts = {split: dict.fromkeys(version.classes, 0) for split in ("train", "val")}
    for number in range(train + val):
        has, stream = factors(number), io.BytesIO()
        render(has, number, 16).save(stream, "PNG")
        own = [name for name, one in zip(NAMES, has, strict=True) if one] or [NONE]
        split, said = "train" if number < train else "val", "".join(map(str, has))
        one = {"name": f"{number}.png", "label": own[0], "split": split, "attributes": said, "is_grey": False}
        rows.append(_image_of(version, number, stream.getvalue(), **one))
        for name in own:
            counts[split][name] += 1
    version.counts = counts
    return _filled(version, rows)


def _image_of(version: DatasetVersion, number: int, data: bytes, **values: Any) -> DatasetImage:
    """The row of a picture whose bytes lie in the lab's store."""
    sha256 = hashlib.sha256(data).hexdigest()
    file = storage.object_file(version.dataset.lab_id, sha256, ".png")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    facts = {"sha256": sha256, "suffix": ".png", "width": 16, "height": 16, "size_bytes": len(data)}
    return DatasetImage(version=version, index=number, **facts, **values)


def _filled(version: DatasetVersion, rows: list[DatasetImage]) -> DatasetVersion:
    DatasetImage.objects.bulk_create(rows)
    version.num_images = len(rows)
    version.content_hash = hashlib.sha256("".join(row.sha256 for row in rows).encode()).hexdigest()
    version.save()
    return version


QUICK: dict[str, Any] = {
    "model": "dcgan",
    "model_settings": {
        "resolution": 16,
        "width": 8,
        "batch_size": 8,
        "num_steps": 40,
        "num_checkpoints": 4,
        "num_previews": 4,
    },
    "sampler": "class_confidence",
    "sampler_settings": {},
    "budget": {"kind": "per_class", "count": 6},
    "pool_factor": 3.0,
    "seed": 7,
}
"""A recipe that a CPU goes through in seconds."""


def queue_run(version: DatasetVersion, person: Person | None, **settings: Any) -> Run:
    """A run of QUICK, with other model settings where given."""
    recipe = {**QUICK, "model_settings": {**QUICK["model_settings"], **settings}}
    return start_run(version, recipe, person)


QUICK_STUDY: dict[str, Any] = {
    "model": "dcgan",
    "model_settings": QUICK["model_settings"],
    "arms": ["none", "random:1x@0.25"],
    "settings": {"child_steps": 8, "num_child_seeds": 3, "num_generator_seeds": 3},
}
"""A study that a CPU goes through in seconds."""


QUICK_ARTS: dict[str, Any] = {
    "question": "attributes",
    "arms": ["stargan:condition_mode=diff", "fader"],
    "model_settings": {
        "resolution": 16,
        "batch_size": 4,
        "num_steps": 8,
        "width": 4,
        "num_checkpoints": 4,
        "num_previews": 1,
    },
    "settings": {"num_seeds": 2},
}
"""An attribute study that a CPU goes through in seconds."""


STUDY_RESULT: dict[str, Any] = {
    "arms": [
        {
            "name": name,
            "is_synthetic": gain is not None,
            "num_generators": 3 * (gain is not None),
            "num_children": 9 if gain else 3,
            "val_balanced_accuracy": 0.8,
            "balanced_accuracy": {"mean": 0.8, "low": 0.75, "high": 0.85},
            "accuracy": {"mean": 0.8, "low": 0.75, "high": 0.85},
            "recall": dict.fromkeys(CLASSES, 0.8),
            "ece": 0.1,
            "duration_s": 1.0,
            "gain": gain,
            "equals_more_real": 40 if gain else None,
            "gan_test": {"mean": 0.7, "low": 0.6, "high": 0.8} if gain else None,
        }
        for name, gain in (
            ("none", None),
            ("random:1x@0.25", {"mean": 0.021, "low": 0.01, "high": 0.032, "answer": "helped"}),
        )
    ],
    "curve": [{"num_real": 24, "balanced_accuracy": 0.7}, {"num_real": 48, "balanced_accuracy": 0.78}],
    "baseline": "none",
    "best": "random:1x@0.25",
    "answer": "helped",
    "scope": "method",
    "sentence": "Helped. random:1x@0.25: +2.1 points of balanced accuracy beside the best arm without a generator.",
    "num_test": 8,
    "num_val": 16,
}
"""What a study may have found."""


def make_study(version: DatasetVersion, person: Person | None, name: str = "", **other: Any) -> Study:
    """A queued study of QUICK_STUDY, with other parts where given."""
    return start_study(version, Asked(**{**QUICK_STUDY, **other}), person, name)


def make_pool(run: Run, size: int = 24, seed: int = 0) -> Pool:
    """What a worker makes of a finished child: files on disk, then rows through the same services.

    Class i holds every second sample. `class_confidence` rises with the index, every seventh sample is memorised, and
    the selection keeps the best 4 of each class.
    """
    held = Run.claim(run.pk, f"worlds {uuid.uuid4()}", RunState.PREPARING)
    assert held is not None
    random = np.random.default_rng(seed)
    folder = storage.run_folder(held.pk, held.fence)
    label = np.arange(size, dtype=np.int64) % len(CLASSES)
    scores = {"class_confidence": np.linspace(0.1, 0.9, size), "realism": random.normal(size=size)}
    facts = _write_pool_files(folder, label, scores, random)
    kept = [index for name in range(len(CLASSES)) for index in np.flatnonzero(label == name)[::-1][:4]]
    reason = np.full(size, "not_among_best")
    reason[kept] = ""
    np.savez(folder / "selection.npz", kept=np.array(kept, np.int64), reason=reason)
    held.write(
        artefacts={
            "prepare": {"data": storage.relative(_write_pack(folder, held.version))},
            "train": {"checkpoint": storage.relative(folder / "pool"), "sha256": facts.checkpoint_sha256},
            "score": {
                "scores": storage.relative(folder / "scores.npz"),
                "map": storage.relative(_write_map_file(folder, label)),
            },
            "select": {"selection": storage.relative(folder / "selection.npz")},
        }
    )
    pool = pools.bring_in(held, facts, folder / "scores.npz", held.renew)
    part = {"asked": 4, "generated": size // 2, "kept": 4, "dropped": {"not_among_best": size // 2 - 4}}
    selection = selections.first_selection(pool, dict.fromkeys(CLASSES, part), {})
    pools.bring_in_choices(selection, folder / "selection.npz", held.renew)
    created = PoolCreatedData(pool=pool.pk, selection=selection.pk, num_samples=size)
    with transaction.atomic():
        assert attempt.finish_run(held, PoolCreated(run=held.pk, data=created))
        pools.publish(pool)
    pool.refresh_from_db()
    return pool


def _write_map_file(folder: Path, label: Any) -> Path:
    """Samples on a diagonal, sample i at (100 i, 100 i); the first ten training images below them, at (100 i, 0)."""
    row, real = np.arange(len(label)), np.arange(10)
    samples = np.column_stack([row, label, 100 * row, 100 * row]).astype(np.int32)
    images = np.column_stack([real, real % len(CLASSES), 100 * real, 0 * real]).astype(np.int32)
    file = folder / "map.npz"
    np.savez(file, num_real=48, num_samples=len(label), pca_real=images, pca_samples=samples)
    return file


def _write_pack(folder: Path, version: DatasetVersion) -> Path:
    """The images that the run learnt from, as the stage `prepare` packs them."""
    from ml.pack import write_pack  # with torch, which a process that only looks at rows should not wait for

    rows = version.images.filter(split__in=("train", "val")).order_by("index")
    files = [(row, storage.object_file(version.dataset.lab_id, row.sha256, row.suffix)) for row in rows]
    images = [ImageRecord(index=row.index, file=file, label=row.label, split=row.split) for row, file in files]
    return write_pack(images, version.classes, folder / "data", 16).folder


def _write_pool_files(folder: Path, label: Any, scores: dict[str, Any], random: np.random.Generator) -> pools.Facts:
    """Pixels in shards of ten, so that a pool has several."""
    size, shard = len(label), 10
    pixels = random.integers(0, 255, (size, 16, 16, 1), dtype=np.uint8)
    pool = folder / "pool"
    pool.mkdir(parents=True)
    for number, start in enumerate(range(0, size, shard)):
        np.save(pool / f"images-{number:05d}.npy", pixels[start : start + shard])
    np.save(pool / "label.npy", label)
    np.save(pool / "seed.npy", random.integers(0, 2**62, size))
    sha256 = hashlib.sha256(pixels.tobytes()).hexdigest()
    facts = {
        "classes": CLASSES,
        "resolution": 16,
        "channels": 1,
        "num_samples": size,
        "checkpoint_sha256": sha256,
    }
    (pool / "pool.json").write_text(json.dumps({**facts, "model": "dcgan", "shard_size": shard}))
    distance = np.linspace(0.05, 1.0, size, dtype=np.float32)
    np.savez(
        folder / "scores.npz",
        **scores,
        nearest_training_distance=distance.astype(np.float64),
        nearest_index=np.tile(np.arange(5), (size, 1)),
        nearest_distance=np.tile(distance[:, None], (1, 5)),
        memorised=np.arange(size) % 7 == 0,
    )
    names = [*scores, "nearest_training_distance"]
    return pools.Facts(path=storage.relative(pool), score_names=names, **facts)

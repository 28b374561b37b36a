"""The same pixels again, by one command, from a sample's id or an exported picture."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ml import pipeline
from tests.ml.tiny_run import Heard, write_plan
from tests.worlds import make_dataset, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.gallery.models import Pool
from webapp.gallery.selectors.pixels import sample_pixels
from webapp.gallery.services import pools
from webapp.runs.models import RunState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def pool(lab: Lab, researcher: Person, tmp_path: Path) -> Pool:
    """What a real, tiny training made."""
    run = queue_run(make_dataset(lab), researcher)
    held = type(run).claim(run.pk, "test", RunState.PREPARING)
    assert held is not None
    heard = Heard()
    plan = write_plan(tmp_path, str(storage.run_folder(held.pk, held.fence)), budget={"kind": "per_class", "count": 60})
    done = pipeline.run(plan, heard, last="score")
    held.write(artefacts={"train": {"checkpoint": storage.relative(Path(done["train"]["checkpoint"]))}})
    facts = {key: value for key, value in heard.of("pool")[0].items() if key != "event"}
    facts["path"] = storage.relative(Path(facts["path"]))
    made = pools.bring_in(held, pools.Facts(**facts), Path(done["score"]["scores"]), held.renew)
    pools.publish(made)
    return made


def remake(*arguments: str) -> str:
    said = io.StringIO()
    call_command("remake", *arguments, stdout=said)
    return said.getvalue()


def exported(pool: Pool, index: int, file: Path, **changed: Any) -> Path:
    """A synthetic PNG as exports write it."""
    sample, pixels = pool.samples.get(index=index), sample_pixels(pool, index)
    row = {"class": pool.classes[sample.label], "seed": sample.seed, "checkpoint_sha256": pool.checkpoint_sha256}
    text = PngInfo()
    text.add_text("atelier", json.dumps({**row, **changed}))
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PNG", pnginfo=text)
    return file


def test_a_sample_is_made_again_to_the_bit_by_its_id_or_its_export(pool: Pool, tmp_path: Path) -> None:
    """Index 200 stood elsewhere in its batch than the one image stands that is made now."""
    sample, out = pool.samples.get(index=200), tmp_path / "again.png"
    said = remake(str(sample.pk), "--out", str(out))
    assert "Every pixel" in said
    with Image.open(out) as picture:
        assert np.array_equal(np.asarray(picture), sample_pixels(pool, 200)[..., 0])
    assert said.split()[-1] == remake(str(exported(pool, 200, tmp_path / "export.png"))).split()[-1]

    with pytest.raises(CommandError, match=r"values differ from those of other\.png"):
        remake(str(exported(pool, 7, tmp_path / "other.png", seed=5)))
    with pytest.raises(CommandError, match="No run here was made by the checkpoint"):
        remake(str(exported(pool, 7, tmp_path / "foreign.png", checkpoint_sha256="0" * 64)))
    with pytest.raises(CommandError, match="There is no sample 999999999"):
        remake("999999999")

    pool.run.refresh_from_db()
    checkpoint = storage.stored(pool.run.artefacts["train"]["checkpoint"])
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1] + b"\x00")
    with pytest.raises(CommandError, match=r"sha256|altered|torn"):
        remake(str(sample.pk))
    checkpoint.unlink()
    with pytest.raises(CommandError, match="is not on the disk any more"):
        remake(str(sample.pk))

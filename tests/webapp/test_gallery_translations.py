"""Translations in the gallery: what stands beside a sample, where it comes from, and its pixels made again."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from PIL import Image
from rest_framework.test import APIClient

from ml import pipeline
from ml.pack import open_pack
from tests.ml.tiny_run import Heard, write_plan
from tests.worlds import make_dataset, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.gallery.models import Pool
from webapp.gallery.services import pools
from webapp.runs.models import RunState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
SETTINGS = {"resolution": 16, "batch_size": 4, "num_steps": 2, "num_checkpoints": 1, "num_previews": 1, "width": 8}


@pytest.fixture
def pool(lab: Lab, researcher: Person, tmp_path: Path) -> Pool:
    """Bars made of discs and discs made of bars, by a tiny CycleGAN."""
    run = queue_run(make_dataset(lab), researcher)
    held = type(run).claim(run.pk, "test", RunState.PREPARING)
    assert held is not None
    heard = Heard()
    plan = write_plan(
        tmp_path,
        str(storage.run_folder(held.pk, held.fence)),
        model="cyclegan",
        model_settings={**SETTINGS, "domain_a": "bar", "domain_b": "disc"},
        sampler="realism",
        budget={"kind": "counts", "counts": {"bar": 4, "disc": 6}},
        pool_factor=1.0,
    )
    done = pipeline.run(plan, heard, last="score")
    paths = {"prepare": {"data": done["prepare"]["data"]}, "train": {"checkpoint": done["train"]["checkpoint"]}}
    held.write(
        artefacts={
            stage: {name: storage.relative(Path(path)) for name, path in part.items()} for stage, part in paths.items()
        }
    )
    facts = {key: value for key, value in heard.of("pool")[0].items() if key != "event"}
    facts["path"] = storage.relative(Path(facts["path"]))
    made = pools.bring_in(held, pools.Facts(**facts), Path(done["score"]["scores"]), held.renew)
    pools.publish(made)
    return Pool.objects.get(pk=made.pk)


@pytest.fixture
def api(client_of: Any, viewer: Person) -> APIClient:
    client: APIClient = client_of(viewer)
    return client


def pixels(api: APIClient, address: str) -> Any:
    answer = api.get(address)
    assert answer.status_code == 200, answer.content
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_a_sample_says_which_real_image_it_was_made_from_and_shows_it_beside(api: APIClient, pool: Pool) -> None:
    told = api.get(f"/api/v1/pools/{pool.pk}/").json()
    assert told["views"] == ["source", "reconstruction"]
    pack = open_pack(storage.stored(pool.run.artefacts["prepare"]["data"]))
    for sample in api.get(f"/api/v1/pools/{pool.pk}/samples/").json()["results"]:
        row = int(np.flatnonzero(pack.index == sample["source"])[0])
        assert pack.classes[pack.label[row]] != sample["label"]
        beside = pixels(api, f"/api/v1/samples/{sample['id']}/image/?view=source")
        assert np.array_equal(beside.reshape(16, 16, -1), pack.images[row])
        result = pixels(api, f"/api/v1/samples/{sample['id']}/image/")
        assert not np.array_equal(beside, result)
        assert not np.array_equal(pixels(api, f"/api/v1/samples/{sample['id']}/image/?view=reconstruction"), result)


def test_a_sheet_shows_a_view_of_each_sample(api: APIClient, pool: Pool) -> None:
    sheet = pixels(api, f"/api/v1/pools/{pool.pk}/sheet/?rows=3.1&view=source")
    for place, index in enumerate((3, 1)):
        sample = pool.samples.get(index=index)
        alone = pixels(api, f"/api/v1/samples/{sample.pk}/image/?view=source")
        assert np.array_equal(sheet[:, place * 16 : place * 16 + 16], alone)


def test_a_view_that_is_not_kept_is_refused_with_those_that_are(api: APIClient, pool: Pool) -> None:
    for address in (f"pools/{pool.pk}/sheet/?rows=0&", f"samples/{pool.samples.get(index=0).pk}/image/?"):
        answer = api.get(f"/api/v1/{address}view=../images")
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["view"])
        assert "source, reconstruction" in answer.json()["message"]


def test_a_translation_is_made_again_to_the_bit_from_its_source(pool: Pool) -> None:
    said = io.StringIO()
    call_command("remake", str(pool.samples.get(index=2).pk), stdout=said)
    assert said.getvalue().startswith("Every pixel is that of")

"""An edit under the supervisor, with a real run and the real child."""

import pytest
from PIL import Image

from tests.worlds import CLASSES, QUICK, make_dataset
from webapp.accounts.models import Lab
from webapp.core import storage
from webapp.gallery.models import Edit
from webapp.gallery.services.edits import add_edit
from webapp.runs.models import Run
from webapp.runs.services.launch import start_run
from workers.edit import EditWork
from workers.run import RunWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
TINY = {"resolution": 16, "width": 8, "num_blocks": 0, "batch_size": 4, "num_steps": 4, "num_checkpoints": 1}


def test_a_real_run_edits_one_of_its_images_and_says_so_when_its_files_are_gone(lab: Lab) -> None:
    recipe = {**QUICK, "model": "stargan", "model_settings": TINY, "sampler": "random", "pool_factor": 1.0}
    run = start_run(make_dataset(lab, train=8, val=4), recipe, None)
    assert supervise(RunWork, run.pk)
    run = Run.objects.get(pk=run.pk)
    assert run.state == "finished", run.error_message

    edit = add_edit(run, None, 3)
    assert supervise(EditWork, edit.pk)
    edit.refresh_from_db()
    assert edit.state == "finished", edit.error_message
    assert (edit.sheet["attributes"], edit.sheet["combinations"]) == (CLASSES, [[1, 0], [0, 1]])
    assert edit.sheet["current"] == [1, 0]
    with Image.open(storage.stored(edit.path)) as sheet:
        assert sheet.size == (32, 32)

    storage.stored(run.artefacts["train"]["checkpoint"]).unlink()
    lost = add_edit(run, None, 4)
    supervise(EditWork, lost.pk)
    lost.refresh_from_db()
    assert (lost.state, lost.error_code) == ("failed", "gone")
    assert Edit.objects.filter(state="finished").count() == 1

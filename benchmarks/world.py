"""Rows and events of a stack that is measured, made in a process of its own: `python -m benchmarks.world WORD …`.

begin PEOPLE -> {"tokens", "lab", "version", "run", "pool"}     tell RUN EVENTS, one a second -> how many
train RUN SECONDS: writes progress twice a second -> how often
queue RUN NUMBER: more runs of the same person -> their ids
write RUN SECONDS, judge POOL SECONDS: as fast as it goes -> {"spent": seconds of each, "locked": how many failed}
"""

import itertools
import json
import sys
import time
import uuid
from collections.abc import Callable

import django
from django.db import OperationalError

django.setup()

from tests.worlds import make_dataset, make_pool, queue_run  # noqa: E402
from webapp.accounts.models import Lab, Membership, Person  # noqa: E402
from webapp.accounts.services import create_token  # noqa: E402
from webapp.core.events import group_of, publish  # noqa: E402
from webapp.gallery.models import Pool  # noqa: E402
from webapp.gallery.services.verdicts import decide  # noqa: E402
from webapp.runs.events import CHANNEL, Point, ProgressedData, RunProgressed  # noqa: E402
from webapp.runs.models import Run, RunState  # noqa: E402
from webapp.runs.services import attempt  # noqa: E402

POOL_SIZE = 2000


def begin(people: str) -> dict[str, object]:
    """A lab of researchers with a dataset and a run whose pool is there."""
    lab = Lab.objects.create(name="Measured")
    tokens = []
    for number in range(int(people)):
        person = Person.objects.create_user(f"researcher{number}@lab.example", name="Researcher")
        Membership.objects.create(lab=lab, person=person, role="researcher")
        tokens.append(create_token(person, "measured", days=1)[1])
    version = make_dataset(lab)
    run = queue_run(version, person)
    pool = make_pool(run, size=POOL_SIZE)
    return {"tokens": tokens, "lab": str(lab.pk), "version": str(version.pk), "run": str(run.pk), "pool": str(pool.pk)}


def tell(run: str, number: str) -> int:
    """As a worker that trains does, but for the rows."""
    for step in range(int(number)):
        event = RunProgressed(run=uuid.UUID(run), data=_progress(step, int(number)))
        publish(group_of(CHANNEL, uuid.UUID(run)), event)
        time.sleep(1.0)
    return int(number)


def train(run: str, seconds: str) -> int:
    """As a worker that trains does, rows and all."""
    held = Run.claim(uuid.UUID(run), "benchmark", RunState.PREPARING)
    if held is None:
        raise RuntimeError("the run could not be claimed")
    attempt.begin_attempt(held)
    attempt.enter_stage(held, "train")
    number = 2 * int(float(seconds))
    for step in range(number):
        attempt.note_progress(held, _progress(step, number))
        time.sleep(0.5)
    return number


def queue(run: str, number: str) -> list[str]:
    """Runs that wait, of the same version."""
    like = Run.objects.get(pk=run)
    return [str(queue_run(like.version, like.created_by).pk) for _ in range(int(number))]


def write(run: str, seconds: str) -> dict[str, object]:
    """Curve points with their events, as a worker writes them."""
    held = Run.claim(uuid.UUID(run), "benchmark", RunState.PREPARING)
    if held is None:
        raise RuntimeError("the run could not be claimed")
    attempt.begin_attempt(held)
    attempt.enter_stage(held, "train")
    steps = itertools.count(1)

    def once() -> None:
        step = next(steps)
        points = [Point(step=step, values={"loss_D": 1.0, "loss_G": 1.0})]
        attempt.note_progress(held, _progress(step, 10**6).model_copy(update={"points": points}))

    return _timed(once, float(seconds))


def judge(pool: str, seconds: str) -> dict[str, object]:
    """Verdicts, one sample after the other, as the server writes them."""
    held = Pool.objects.select_related("run__version__dataset").get(pk=pool)
    person = Person.objects.order_by("pk").last()
    assert person is not None
    said = itertools.product(("accept", "reject"), held.samples.values_list("pk", flat=True))

    def once() -> None:
        value, sample = next(said)
        decide(held, person, [sample], value)

    return _timed(once, float(seconds))


def _timed(once: Callable[[], None], seconds: float) -> dict[str, object]:
    spent, locked, began = [], 0, time.monotonic()
    while (started := time.monotonic()) < began + seconds:
        try:
            once()
        except OperationalError:
            locked += 1
        spent.append(time.monotonic() - started)
    return {"spent": spent, "locked": locked}


def _progress(step: int, number: int) -> ProgressedData:
    return ProgressedData(
        stage="train", step=step, num_steps=number, images_per_s=100.0, eta_s=1.0, device="CPU", points=[]
    )


words = {"begin": begin, "tell": tell, "train": train, "write": write, "judge": judge, "queue": queue}
if __name__ == "__main__":
    word, *arguments = sys.argv[1:]
    print(json.dumps(words[word](*arguments)))

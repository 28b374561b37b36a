"""Rows of a running stack, made and read in a process of its own: `python -m tests.faults.world WORD [ARGUMENT...]`.

begin -> {"token", "version", "lab"}     join -> {"token", "lab"}     ring RUN     outcome RUN     row RUN
"""

import json
import sys

import django

django.setup()

from tests.outcomes import outcome_of  # noqa: E402
from tests.worlds import make_dataset  # noqa: E402
from webapp.accounts.models import Lab, Membership, Person  # noqa: E402
from webapp.accounts.services import create_token  # noqa: E402
from webapp.core.queue import ring  # noqa: E402
from webapp.runs.models import Run  # noqa: E402


def join() -> dict[str, str]:
    """A lab, and the token of a researcher in it."""
    lab = Lab.objects.create(name="Faults")
    person = Person.objects.create(email="researcher@lab.example", name="Researcher", password="!")
    Membership.objects.create(lab=lab, person=person, role="researcher")
    _, token = create_token(person, "faults", days=1)
    return {"token": token, "lab": str(lab.pk)}


def begin() -> dict[str, str]:
    """The same with a dataset in the lab."""
    joined = join()
    return {**joined, "version": str(make_dataset(Lab.objects.get(pk=joined["lab"])).pk)}


def row(pk: str) -> dict[str, object]:
    """What the API does not tell of a run."""
    run = Run.objects.get(pk=pk)
    return {"fence": run.fence, "attempts": run.attempts, "owner": run.lease_owner, "state": run.state}


words = {
    "begin": begin,
    "join": join,
    "ring": lambda pk: [ring("runs.execute", pk) for _ in range(3)],
    "outcome": lambda pk: outcome_of(Run.objects.get(pk=pk)),
    "row": row,
}
word, *arguments = sys.argv[1:]
print(json.dumps(words[word](*arguments)))

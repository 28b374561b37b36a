"""Who may do what at each address of the service: one row for each method of each route.

A new address needs a row, and `test_access.py` says which one is missing. `Row("POST", "runs/<uuid:pk>/stop/",
"researcher", "run")` reads: somebody in the lab needs the role researcher or above, a token the scope `run`; with a
lower role it answers 403, to anybody who is not in the lab 404, to nobody 401. The walk calls it with every role and
every token on the rows that `access_world.py` makes; a kind of row that is new there needs its id in `World.ids`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.worlds import QUICK
from webapp.core.permissions import ROLES

ANYBODY: Final = "anybody"
"""Also somebody who is not logged in."""
PERSON: Final = "person"
"""Whoever is logged in, in whatever lab or none; of a list they get their own part."""
STAFF: Final = "staff"
"""Server staff, whatever their labs."""
OWN: Final = "own"
"""Whose it is, and nobody else."""
NO_TOKEN: Final = "no token"
"""In the place of a scope: only a person at a browser."""
ANY_TOKEN: Final = ""

Body = Callable[[Any], dict[str, Any]] | dict[str, Any] | None


@dataclass(frozen=True)
class Row:
    """One method of one address."""

    method: str
    route: str
    role: str
    scope: str = ANY_TOKEN
    body: Body = None
    """What is sent: a body, or what makes one of the world."""
    query: str = ""
    """After the address; `{lab}` and `{version}` are ids."""
    media: bool = False
    """A file or picture: asked for with HEAD and Range, too."""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"


VIEWER, REVIEWER, RESEARCHER, ADMIN, OWNER = ROLES
WITH_ALL: Final = "?with_dependents=true"
TUS: Final = {"Tus-Resumable": "1.0.0"}


def _run(world: Any) -> dict[str, Any]:
    return {"version": str(world.version.pk), "recipe": QUICK}


def _no_run(world: Any) -> dict[str, Any]:
    return {"version": str(world.version.pk), "recipe": {**QUICK, "model": "unknown"}}


def _chosen(world: Any) -> dict[str, Any]:
    return {"value": "accept", "samples": [world.sample.pk]}


def _new_export(world: Any) -> dict[str, Any]:
    """One of its eight samples counts as memorised, more than a lab allows by itself."""
    return {"selection": str(world.selection.pk), "memorised_reason": "They are bars and dots."}


ACCOUNTS = [
    Row("GET", "session/", ANYBODY),
    Row("POST", "session/setup/", ANYBODY),
    Row("POST", "session/login/", ANYBODY),
    Row("POST", "session/logout/", ANYBODY),
    Row("GET", "tokens/", PERSON, NO_TOKEN),
    Row("POST", "tokens/", PERSON, NO_TOKEN, {"name": "another"}),
    Row("DELETE", "tokens/<uuid:pk>/", OWN, NO_TOKEN),
]
OF_LAB = "labs/<uuid:pk>/"
PEOPLE = [
    Row("POST", "session/register/", ANYBODY),
    Row("PATCH", "session/person/", PERSON, NO_TOKEN, {"name": "Other", "is_staff": True}),
    Row("PUT", "session/keys/", PERSON, NO_TOKEN, {"keys": {"accept": "y"}}),
    Row("POST", "session/link/", PERSON, NO_TOKEN, {"mark": "00000000-0000-4000-8000-000000000000"}),
    Row("POST", "session/password/", PERSON, NO_TOKEN),
    Row("POST", "session/forgotten/", ANYBODY),
    Row("POST", "session/reset/", ANYBODY),
    Row("GET", "labs/", PERSON),
    Row("POST", "labs/", STAFF, NO_TOKEN, {"name": "Another lab"}),
    Row("PATCH", OF_LAB, ADMIN, NO_TOKEN, {"name": "Another name", "max_memorised_share": 0.5}),
    Row("GET", f"{OF_LAB}members/", VIEWER),
    Row("PATCH", f"{OF_LAB}members/<uuid:person>/", ADMIN, NO_TOKEN, {"role": "researcher"}),
    Row("DELETE", f"{OF_LAB}members/<uuid:person>/", ADMIN, NO_TOKEN),
    Row("POST", f"{OF_LAB}members/<uuid:person>/password-link/", ADMIN, NO_TOKEN),
    Row("GET", f"{OF_LAB}invitations/", ADMIN, NO_TOKEN),
    Row("POST", f"{OF_LAB}invitations/", ADMIN, NO_TOKEN, {"role": "viewer"}),
    Row("DELETE", f"{OF_LAB}invitations/<uuid:invitation>/", ADMIN, NO_TOKEN),
    Row("GET", f"{OF_LAB}tokens/", ADMIN, NO_TOKEN),
    Row("DELETE", f"{OF_LAB}tokens/<uuid:token>/", ADMIN, NO_TOKEN),
    Row("GET", f"{OF_LAB}log/", ADMIN, NO_TOKEN),
    Row("GET", f"{OF_LAB}log.csv", ADMIN, NO_TOKEN),
    Row("POST", "invitations/look/", ANYBODY),
    Row("POST", "invitations/accept/", PERSON, NO_TOKEN),
    Row("GET", f"{OF_LAB}storage/", VIEWER),
    Row("PATCH", f"{OF_LAB}storage/", STAFF, NO_TOKEN, {"quota_bytes": 2**40}),
    Row("GET", "workers/", STAFF, NO_TOKEN),
    Row("GET", "workers/queues/", PERSON),
    Row("GET", "people/", STAFF, NO_TOKEN),
    Row("PATCH", "people/<uuid:pk>/", STAFF, NO_TOKEN, {"is_active": False}),
    Row("POST", "people/<uuid:pk>/password-link/", STAFF, NO_TOKEN),
]
WEBHOOK: Final = "labs/<uuid:pk>/webhook/"
WEBHOOKS = [
    Row("GET", WEBHOOK, ADMIN, NO_TOKEN),
    Row("PUT", WEBHOOK, ADMIN, NO_TOKEN, {"url": "https://hooks.example/"}),
    Row("DELETE", WEBHOOK, ADMIN, NO_TOKEN),
    *(Row("POST", f"{WEBHOOK}{what}/", ADMIN, NO_TOKEN) for what in ("secret", "test")),
    Row("GET", f"{WEBHOOK}deliveries/", ADMIN, NO_TOKEN),
]
DATASETS = [
    Row("GET", "uploads/", PERSON),
    Row("GET", "uploads/limits/", PERSON),
    Row("POST", "uploads/", RESEARCHER, "upload", headers={**TUS, "Upload-Length": "5", "Upload-Metadata": "{upload}"}),
    Row("HEAD", "uploads/<uuid:pk>/", RESEARCHER, headers=TUS),
    Row("PATCH", "uploads/<uuid:pk>/", PERSON, "upload", headers=TUS),  # walked at the ASGI server's own door, too
    Row("DELETE", "uploads/<uuid:pk>/", RESEARCHER, "upload", headers=TUS),
    Row("GET", "uploads/<uuid:pk>/status/", RESEARCHER),
    Row("GET", "datasets/", PERSON),
    Row("POST", "datasets/", RESEARCHER, "upload", lambda world: world.new_dataset()),
    Row("GET", "datasets/<uuid:pk>/", VIEWER),
    Row("PATCH", "datasets/<uuid:pk>/", RESEARCHER, "upload", {"archived": True}),
    Row("DELETE", "datasets/<uuid:pk>/", ADMIN, "upload", query=WITH_ALL),
    Row("GET", "datasets/<uuid:pk>/deletion/", VIEWER),
    Row("POST", "datasets/<uuid:pk>/versions/", RESEARCHER, "upload", lambda world: {"upload": world.any_id}),
    Row("GET", "versions/<uuid:pk>/", VIEWER),
    Row("DELETE", "versions/<uuid:pk>/", ADMIN, "upload", query=WITH_ALL),
    Row("GET", "versions/<uuid:pk>/deletion/", VIEWER),
    *(Row("POST", f"versions/<uuid:pk>/{verb}/", RESEARCHER, "upload") for verb in ("cancel", "retry")),
    Row("GET", "versions/<uuid:pk>/difference/", VIEWER, query="?other={version}"),
    Row("GET", "versions/<uuid:pk>/report/", VIEWER),
    Row("GET", "versions/<uuid:pk>/report.csv", VIEWER, media=True),
    Row("GET", "versions/<uuid:pk>/images/", VIEWER),
    Row("GET", "versions/<uuid:pk>/images/indices/", VIEWER),
    Row("GET", "versions/<uuid:pk>/charts/", VIEWER),
    Row("GET", "versions/<uuid:pk>/images/<int:index>/thumbnail/", VIEWER, media=True),
    Row("GET", "versions/<uuid:pk>/images/<int:index>/original/", VIEWER, "export", media=True),
    Row("GET", "versions/<uuid:pk>/images/<int:index>/pair/thumbnail/", VIEWER, media=True),
    Row("GET", "versions/<uuid:pk>/images/<int:index>/pair/original/", VIEWER, "export", media=True),
    Row("GET", "versions/<uuid:pk>/attributes/", VIEWER),
]
RECIPES = [
    Row("GET", "catalogue/", PERSON),
    Row("GET", "recipes/", PERSON),
    Row("POST", "recipes/", RESEARCHER, "run", {**QUICK, "name": "one"}, query="?lab={lab}"),
    Row("GET", "recipes/<uuid:pk>/", VIEWER),
    Row("PATCH", "recipes/<uuid:pk>/", RESEARCHER, "run", {"name": "another"}),
    Row("DELETE", "recipes/<uuid:pk>/", ADMIN, "run", query=WITH_ALL),
    Row("GET", "recipes/<uuid:pk>/deletion/", VIEWER),
]
RUNS = [
    Row("GET", "runs/", PERSON),
    Row("POST", "runs/", RESEARCHER, "run", _run),
    Row("POST", "runs/validate/", VIEWER, "run", _run),
    Row("POST", "runs/memory/", VIEWER, "run", _no_run),
    Row("GET", "runs/queue/", PERSON),
    Row("GET", "runs/<uuid:pk>/", VIEWER),
    Row("POST", "runs/import/", RESEARCHER, "run", lambda world: world.new_import()),
    Row("PATCH", "runs/<uuid:pk>/", RESEARCHER, "run", {"name": "another"}),
    Row("DELETE", "runs/<uuid:pk>/", ADMIN, "run", query=WITH_ALL),
    Row("GET", "runs/<uuid:pk>/deletion/", VIEWER),
    *(Row("POST", f"runs/<uuid:pk>/{verb}/", RESEARCHER, "run") for verb in ("stop", "finish", "preview", "resume")),
    *(Row("POST", f"runs/<uuid:pk>/{verb}/", RESEARCHER, "run") for verb in ("cancel", "retry")),
    Row("GET", "runs/<uuid:pk>/files/", VIEWER),
    Row("GET", "runs/<uuid:pk>/notice/", VIEWER),
    *(Row(method, "runs/<uuid:pk>/notice/", VIEWER, "run") for method in ("PUT", "DELETE")),
    Row("GET", "runs/<uuid:pk>/events/", VIEWER),
    Row("GET", "runs/<uuid:pk>/scalars/", VIEWER),
    Row("GET", "runs/<uuid:pk>/previews/", VIEWER),
    Row("GET", "runs/<uuid:pk>/previews/<int:step>/", VIEWER, media=True),
    Row("GET", "runs/<uuid:pk>/sweeps/", VIEWER),
    Row("GET", "runs/<uuid:pk>/sweeps/<slug:name>/", VIEWER, media=True),
    Row("GET", "runs/<uuid:pk>/checkpoints/", VIEWER),
]
GALLERY = [
    Row("GET", "pools/<uuid:pk>/", VIEWER),
    Row("GET", "pools/<uuid:pk>/map/", VIEWER),
    Row("GET", "pools/<uuid:pk>/agreement/", VIEWER),
    Row("GET", "pools/<uuid:pk>/samples/", VIEWER),
    Row("POST", "pools/<uuid:pk>/verdicts/", REVIEWER, "review", _chosen),
    Row("POST", "pools/<uuid:pk>/verdicts/undo/", REVIEWER, "review"),
    Row("POST", "pools/<uuid:pk>/verdicts/import/", REVIEWER, "review", {"csv": "index,value\n0,accept\n"}),
    Row("GET", "pools/<uuid:pk>/verdicts.csv", VIEWER, media=True),
    Row("GET", "pools/<uuid:pk>/selections/", VIEWER),
    Row("POST", "pools/<uuid:pk>/selections/", RESEARCHER, "run", {"sampler": "random"}),
    Row("GET", "samples/<int:pk>/", VIEWER),
    Row("GET", "samples/<int:pk>/history/", VIEWER),
    Row("GET", "samples/<int:pk>/image/", VIEWER, media=True),
    Row("PUT", "samples/<int:pk>/verdict/", REVIEWER, "review", {"value": "reject"}),
    Row("DELETE", "samples/<int:pk>/verdict/", REVIEWER, "review"),
    Row("GET", "pools/<uuid:pk>/sheet/", VIEWER, media=True, query="?rows=0"),
    Row("GET", "pools/<uuid:pk>/target/", VIEWER),
    Row("POST", "pools/<uuid:pk>/target/", RESEARCHER, "run", {"wanted": {"bar": 3}}),
    Row("POST", "pools/<uuid:pk>/target/end/", RESEARCHER, "run"),
    Row("GET", "pools/<uuid:pk>/blind-tests/", VIEWER),
    Row("POST", "pools/<uuid:pk>/blind-tests/", REVIEWER, "review", {"num_images": 20}),
    Row("GET", "blind-tests/<uuid:pk>/", VIEWER),
    Row("DELETE", "blind-tests/<uuid:pk>/", REVIEWER, "review"),
    Row("GET", "blind-tests/<uuid:pk>/images/<int:place>/", VIEWER, media=True),
    Row("PUT", "blind-tests/<uuid:pk>/answers/<int:place>/", REVIEWER, "review", {"answer": "real"}),
    Row("POST", "selections/yields/", VIEWER, "run", _run),
    Row("GET", "selections/<uuid:pk>/", VIEWER),
    *(Row("POST", f"selections/<uuid:pk>/{verb}/", RESEARCHER, "run") for verb in ("cancel", "retry")),
    Row("GET", "runs/<uuid:pk>/edits/", VIEWER),
    Row("POST", "runs/<uuid:pk>/edits/", RESEARCHER, "run", {"image": 0}),
    Row("GET", "edits/<uuid:pk>/", VIEWER),
    Row("GET", "edits/<uuid:pk>/sheet/", VIEWER, media=True),
    *(Row("POST", f"edits/<uuid:pk>/{verb}/", RESEARCHER, "run") for verb in ("cancel", "retry")),
]
STUDIES = [
    Row("GET", "studies/", PERSON),
    Row("POST", "studies/", RESEARCHER, "run", lambda world: world.new_study()),
    Row("POST", "studies/validate/", VIEWER, "run", lambda world: world.new_study()),
    Row("GET", "studies/<uuid:pk>/", VIEWER),
    Row("PATCH", "studies/<uuid:pk>/", RESEARCHER, "run", {"name": "another"}),
    Row("DELETE", "studies/<uuid:pk>/", ADMIN, "run"),
    Row("GET", "studies/<uuid:pk>/deletion/", VIEWER),
    *(Row("POST", f"studies/<uuid:pk>/{verb}/", RESEARCHER, "run") for verb in ("stop", "resume", "cancel")),
]
EXPORTS = [
    Row("GET", "exports/", PERSON),
    Row("POST", "exports/", RESEARCHER, "export", _new_export),
    Row("POST", "exports/estimate/", VIEWER, "export", lambda world: {"selection": str(world.selection.pk)}),
    Row("GET", "exports/<uuid:pk>/", VIEWER),
    Row("PATCH", "exports/<uuid:pk>/", RESEARCHER, "export", {"name": "another"}),
    Row("DELETE", "exports/<uuid:pk>/", ADMIN, "export"),
    Row("GET", "exports/<uuid:pk>/deletion/", VIEWER),
    Row("GET", "exports/<uuid:pk>/download/", VIEWER, "export", media=True),
]
SEARCH = [Row("GET", "search/", PERSON)]
ROWS = [*ACCOUNTS, *PEOPLE, *WEBHOOKS, *DATASETS, *RECIPES, *RUNS, *GALLERY, *STUDIES, *EXPORTS, *SEARCH]
OUTSIDE_THE_API = {"api/schema/", "api/schema/view/", "health/live", "health/ready"}
"""Addresses that tell everybody the same, and nothing of anybody's."""
CHANNELS = {
    "version": VIEWER,
    "run": VIEWER,
    "selection": VIEWER,
    "edit": VIEWER,
    "target": VIEWER,
    "study": VIEWER,
    "export": VIEWER,
    "person": OWN,
}
"""What a page can watch over the socket, and the role that it needs."""

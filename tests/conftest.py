"""What every test shares: a lab, people of every role, and clients that speak for them.

The data folder is a temporary one (tests/settings.py). The database is SQLite unless DATABASE_URL names another.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.object_store import BUCKET, KEYS, Line, object_store
from tests.settings import DATA_FOLDER

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from webapp.accounts.models import Lab, Person

PASSWORD = "a long enough passphrase"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the data folder."""
    shutil.rmtree(DATA_FOLDER, ignore_errors=True)


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """The data folder; what a test leaves in it is removed."""
    from django.conf import settings

    yield settings.DATA_DIR
    for name in ("uploads", "labs", "runs", "selections", "edits", "exports", "studies", "versions"):
        shutil.rmtree(settings.DATA_DIR / name, ignore_errors=True)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server with one bucket."""
    with object_store() as environment:
        yield environment["S3_ENDPOINT"]


@pytest.fixture
def line(
    s3_server: str, settings: Any, monkeypatch: pytest.MonkeyPatch, data_folder: Path, request: Any
) -> Iterator[Line]:
    """The service has a bucket, empty to it, which it reaches by this line."""
    from webapp.core import bucket

    found = Line(s3_server)
    settings.S3_BUCKET, settings.S3_ENDPOINT, settings.S3_PREFIX = BUCKET, found.endpoint, request.node.name
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    yield found
    found.end()
    bucket.connected.cache_clear()


@pytest.fixture
def lab(db: None) -> "Lab":
    """A lab without members, which lets near-copies go out: of the 8 samples that `make_pool` keeps, 1 is one."""
    from webapp.accounts.models import Lab

    return Lab.objects.create(name="Vision lab", max_memorised_share=None)


@pytest.fixture
def member(db: None) -> "Callable[..., Person]":
    """member(lab, "viewer") -> a new person with that role in the lab; without a lab, somebody in none."""
    from webapp.accounts.models import Membership, Person

    def make(lab: "Lab | None" = None, role: str = "viewer", name: str = "") -> "Person":
        number = Person.objects.count()
        person = Person(email=f"{role}{number}@lab.example", name=name or f"{role.title()} {number}")
        person.password = "!"  # no hash is computed: logging in by password is what few tests are about
        person.save()
        if lab is not None:
            Membership.objects.create(lab=lab, person=person, role=role)
        return person

    return make


@pytest.fixture
def owner(lab: "Lab", member: "Callable[..., Person]") -> "Person":
    return member(lab, "owner")


@pytest.fixture
def researcher(lab: "Lab", member: "Callable[..., Person]") -> "Person":
    return member(lab, "researcher")


@pytest.fixture
def reviewer(lab: "Lab", member: "Callable[..., Person]") -> "Person":
    return member(lab, "reviewer")


@pytest.fixture
def viewer(lab: "Lab", member: "Callable[..., Person]") -> "Person":
    return member(lab, "viewer")


@pytest.fixture
def outsider(member: "Callable[..., Person]") -> "Person":
    """The owner of another lab."""
    from webapp.accounts.models import Lab

    return member(Lab.objects.create(name="Other lab"), "owner")


@pytest.fixture
def client_of() -> "Callable[[Person], APIClient]":
    """client_of(person) -> a client of the API with that person's session; CSRF is checked as in a browser."""
    from rest_framework.test import APIClient

    def make(person: "Person") -> "APIClient":
        client = APIClient(enforce_csrf_checks=True)
        client.force_login(person)
        session = client.get("/api/v1/session/").json()
        client.credentials(HTTP_X_CSRFTOKEN=session["csrf_token"])
        return client

    return make


@pytest.fixture
def token_of() -> "Callable[..., str]":
    """token_of(person) -> the value of an Authorization header that speaks for the person, by default in everything."""
    from webapp.accounts.services import create_token
    from webapp.core.permissions import Scope

    def make(person: "Person", scopes: "Iterable[str]" = Scope.values, lab: "Lab | None" = None) -> str:
        return "Token " + create_token(person, "test", scopes=scopes, days=1, lab=lab)[1]

    return make

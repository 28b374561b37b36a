"""Ringing a worker: after commit, by name, and never at the cost of the request."""

import json
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import transaction

from webapp.accounts.models import Lab
from webapp.celery import make_app
from webapp.core.processes import ProcessSet
from webapp.core.queue import call_worker, ring
from webapp.core.redis_server import own_redis, wait_until_answers
from webapp.datasets.models import Dataset, DatasetVersion


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return DatasetVersion.objects.create(dataset=Dataset.objects.create(lab=lab, name="Pets"), number=1)


@pytest.fixture
def silent_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        use(monkeypatch, f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        yield


@pytest.fixture
def real_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    program, url = own_redis()
    processes = ProcessSet(tmp_path, Path.cwd(), lambda line: None)
    processes.start(program)
    wait_until_answers(url)
    use(monkeypatch, url)
    yield url
    processes.end()


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr("webapp.celery.app", make_app(url))


@pytest.mark.django_db(transaction=True)
def test_the_message_is_rung_after_commit_on_the_queue_of_its_work(version: DatasetVersion, real_redis: str) -> None:
    with redis.Redis.from_url(real_redis) as broker:
        with transaction.atomic():
            call_worker("datasets.ingest", version)
            assert broker.llen("io") == 0
        message: Any = json.loads(broker.lindex("io", 0))
        assert message["headers"]["task"] == "datasets.ingest"
        assert message["content-type"] == "application/json"
        assert message["headers"]["expires"] is not None
        assert message["headers"]["ignore_result"] is True
        assert str(version.pk) in message["headers"]["argsrepr"]
        version.refresh_from_db()
        assert version.rung_at is not None
        assert ring("runs.execute", uuid.uuid4())
        assert broker.llen("compute") == 1


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_is_not_rung(version: DatasetVersion, real_redis: str) -> None:
    with redis.Redis.from_url(real_redis) as broker:
        with transaction.atomic():
            call_worker("datasets.ingest", version)
            transaction.set_rollback(True)
        assert broker.llen("io") == 0


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_is_down_costs_a_moment_and_no_request(version: DatasetVersion) -> None:
    started = time.monotonic()
    call_worker("datasets.ingest", version)
    assert time.monotonic() - started < 2.5
    version.refresh_from_db()
    assert version.rung_at is None


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_says_nothing_is_waited_for_two_seconds(version: DatasetVersion, silent_redis: None) -> None:
    started = time.monotonic()
    call_worker("datasets.ingest", version)
    assert time.monotonic() - started < 3.5
    version.refresh_from_db()
    assert version.rung_at is None

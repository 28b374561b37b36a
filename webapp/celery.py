"""The Celery application: how calls to workers travel. Tasks are known here by name only.

The database is the truth and Redis only a bell. A call is acknowledged when it is taken (a lost one is rung again
by the reconciler), no call waits in a busy worker's memory, and there is no schedule and no result.
"""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

COMPUTE = "compute"
"""Trains and generates: one worker process per GPU, or one for the CPU."""
IO = "io"
"""Reads and writes files: ingest, further selections, edits, export."""


def make_app(broker_url: str) -> Celery:
    """The application with all its settings, on the Redis at `broker_url`."""
    app = Celery("atelier", include=["workers.tasks"])
    app.conf.update(
        broker_url=broker_url,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"socket_connect_timeout": 1.0, "socket_timeout": 10.0, "retry_on_timeout": False},
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        result_accept_content=["json"],
        task_acks_late=False,
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        worker_pool="threads",
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        task_create_missing_queues=True,
        task_default_queue=IO,
        task_routes={
            "runs.execute": {"queue": COMPUTE},
            "studies.execute": {"queue": COMPUTE},
            "selections.execute": {"queue": IO},
            "edits.make": {"queue": IO},
            "datasets.ingest": {"queue": IO},
            "exports.build": {"queue": IO},
        },
        timezone="UTC",
        enable_utc=True,
    )
    return app


app = make_app(settings.REDIS_URL)

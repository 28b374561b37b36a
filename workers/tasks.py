"""The Celery tasks, and what a worker process starts and ends with.

A task gets the id of the row that waits and nothing else; which row of its kind is next, the database says.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from celery.signals import celeryd_after_setup, worker_shutdown, worker_shutting_down

from webapp.celery import IO, app
from webapp.core.leases import Leased
from webapp.core.log import forget_old
from webapp.core.reconciler import Chore, Duty, Reconciler, daily
from webapp.datasets.services.datasets import TASK as INGEST_VERSION
from webapp.datasets.services.interruptions import settle_abandoned_version
from webapp.datasets.services.uploads import expire_uploads
from webapp.exports.services.building import TASK as BUILD_EXPORT
from webapp.exports.services.building import expire_exports, settle_abandoned_export
from webapp.gallery.services.edits import TASK as MAKE_EDIT
from webapp.gallery.services.edits import settle_abandoned_edit
from webapp.gallery.services.selections import TASK as MAKE_SELECTION
from webapp.gallery.services.selections import settle_abandoned_selection
from webapp.gallery.services.targets import advance_targets
from webapp.runs.services.control import TASK as EXECUTE_RUN
from webapp.runs.services.control import settle_abandoned_run
from webapp.runs.services.notices import send_left_over
from webapp.studies.services.control import settle_abandoned_study
from webapp.studies.services.launch import TASK as EXECUTE_STUDY
from webapp.upkeep.services.copies import remove_stale_copies
from webapp.upkeep.services.measuring import measure
from webapp.upkeep.services.sweep import sweep
from webapp.upkeep.services.unreferenced import remove_unreferenced
from webapp.upkeep.services.workers import say_gone, say_here
from webapp.webhooks.services.deliveries import forget_old as forget_old_deliveries
from workers.courier import Courier
from workers.edit import EditWork
from workers.export import ExportWork
from workers.ingest import IngestWork
from workers.run import RunWork
from workers.selection import SelectionWork
from workers.study import StudyWork
from workers.supervisor import Work, shutting_down
from workers.watch import Watch, work_on

KINDS: dict[str, type[Work[Any]]] = {
    INGEST_VERSION: IngestWork,
    EXECUTE_RUN: RunWork,
    MAKE_SELECTION: SelectionWork,
    MAKE_EDIT: EditWork,
    EXECUTE_STUDY: StudyWork,
    BUILD_EXPORT: ExportWork,
}
"""Task name -> the work it does; the queue of each stands in `webapp.celery`."""
SETTLE: dict[str, Callable[[Any], Leased | None]] = {
    INGEST_VERSION: settle_abandoned_version,
    EXECUTE_RUN: settle_abandoned_run,
    MAKE_SELECTION: settle_abandoned_selection,
    MAKE_EDIT: settle_abandoned_edit,
    EXECUTE_STUDY: settle_abandoned_study,
    BUILD_EXPORT: settle_abandoned_export,
}
_watches: list[Watch] = []
_couriers: list[Courier] = []


@app.task(name=INGEST_VERSION)
def ingest_version(pk: str) -> None:
    work_on(IngestWork)


@app.task(name=EXECUTE_RUN)
def execute_run(pk: str) -> None:
    work_on(RunWork)


@app.task(name=MAKE_SELECTION)
def make_selection(pk: str) -> None:
    work_on(SelectionWork)


@app.task(name=MAKE_EDIT)
def make_edit(pk: str) -> None:
    work_on(EditWork)


@app.task(name=EXECUTE_STUDY)
def execute_study(pk: str) -> None:
    work_on(StudyWork)


@app.task(name=BUILD_EXPORT)
def build_export(pk: str) -> None:
    work_on(ExportWork)


@celeryd_after_setup.connect
def begin(instance: Any, **_: Any) -> None:
    """Before the broker is reached, because it may be the broker that is gone."""
    queues = set(instance.app.amqp.queues.consume_from)
    routes: dict[str, dict[str, str]] = app.conf.task_routes
    kinds = [kind for task, kind in KINDS.items() if routes[task]["queue"] in queues]
    duties = [Duty(kind.model, task, SETTLE[task]) for task, kind in KINDS.items()]
    chores: list[Chore] = [expire_uploads, expire_exports, send_left_over, forget_old, forget_old_deliveries]
    chores.append(daily(remove_unreferenced))
    everywhere: list[Chore] = [partial(say_here, sorted(queues)), daily(remove_stale_copies, every_s=3600.0)]
    reconciler = Reconciler(duties, chores, every_round=[sweep, measure, advance_targets], everywhere=everywhere)
    watch = Watch(kinds, reconciler)
    _watches.append(watch)
    watch.start()
    if IO in queues:
        courier = Courier()
        _couriers.append(courier)
        courier.start()


@worker_shutting_down.connect
def give_everything_back(**_: Any) -> None:
    """SIGTERM: every supervisor saves and gives its row back; Celery then waits for its tasks."""
    shutting_down.set()  # nothing else: this runs inside a signal handler


@worker_shutdown.connect
def end(**_: Any) -> None:
    """Celery has waited for its tasks; what the watch found by itself is waited for here."""
    shutting_down.set()
    for watch in _watches:
        watch.end()
    for courier in _couriers:
        courier.end()
    say_gone()

"""What a run generated becomes rows: in batches, so that nobody waits long for the database; seen only when whole."""

import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Model, QuerySet
from numpy.typing import NDArray

from webapp.core import storage
from webapp.gallery.models import Choice, Pool, Sample, SampleScore, Selection, Verdict, VerdictChange
from webapp.runs.models import Run

BATCH = 1000
NUM_QUANTILES = 201
SAMPLE_COLUMNS = ("pool", "index", "label", "seed", "source", "standing", "disputed", "memorised", "nearest")
Standing = Sample.Standing
_Values = Mapping[str, NDArray[np.float64]]
Hold = Callable[[], None]
"""A write under the fence; called in the transaction of every batch. Raises LeaseLostError when the row is not ours."""


@dataclass(frozen=True)
class Facts:
    """What the child says of a pool; score_names: the scores that samplers and people sort by."""

    path: str
    classes: list[str]
    resolution: int
    channels: int
    num_samples: int
    checkpoint_sha256: str
    score_names: list[str]
    views: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Scores:
    """The arrays beside a pool, row i for sample i."""

    label: NDArray[np.int64]
    seed: NDArray[np.int64]
    source: NDArray[np.int64] | None
    values: _Values
    nearest_index: NDArray[np.int64]
    nearest_distance: NDArray[np.float32]
    memorised: NDArray[np.bool_]


def bring_in(run: Run, facts: Facts, scores: Path, hold: Hold) -> Pool:
    """Rows for every sample and score. The pool is not seen before `publish`.

    What an earlier attempt brought in goes first. Raises: LeaseLostError.
    """
    for unfinished in Pool.objects.filter(run=run, is_ready=False):
        discard(unfinished, hold)
    arrays = _read(storage.stored(facts.path), scores, facts.score_names)
    with transaction.atomic():
        hold()
        counts = np.bincount(arrays.label, minlength=len(facts.classes))
        pool = Pool.objects.create(
            id=uuid.uuid4(),  # a new one for each attempt: rows of a late one have nothing left to belong to
            run=run,
            **vars(facts),
            class_counts={name: int(count) for name, count in zip(facts.classes, counts, strict=True)},
            num_memorised=int(arrays.memorised.sum()),
            score_quantiles={name: _quantiles(values) for name, values in arrays.values.items()},
        )
    for rows in _batches(facts.num_samples):
        with transaction.atomic():
            hold()
            _insert(Sample, SAMPLE_COLUMNS, _sample_rows(pool, arrays, rows))
            ids = dict(_in(pool, rows).values_list("index", "pk"))
            _insert(SampleScore, ("pool", "sample", "name", "value"), _score_rows(pool, arrays.values, ids))
    return pool


def bring_in_choices(selection: Selection, file: Path, hold: Hold) -> None:
    """Rows for what the selection decided about each sample; what an earlier attempt brought in goes first.

    file: npz of kept int64 [K], best first within each class, and reason str [N].
    """
    while stale := list(Choice.objects.filter(selection=selection).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            hold()
            Choice.objects.filter(pk__in=stale).delete()
    with np.load(file, allow_pickle=False) as arrays:
        kept, reason = arrays["kept"], arrays["reason"]
    rank = _ranks(selection.pool, kept)
    for rows in _batches(selection.pool.num_samples):
        with transaction.atomic():
            hold()
            _insert(
                Choice,
                ("selection", "sample", "kept", "rank", "reason"),
                (
                    (selection.pk, pk, index in rank, rank.get(index), str(reason[index]))
                    for pk, index in _in(selection.pool, rows).values_list("pk", "index")
                ),
            )


def bring_in_learnt(pool: Pool, file: Path, hold: Hold) -> None:
    """Scores that a selection's sampler learnt of each sample, in place of what an earlier one learnt.

    file: npz with `score:<name>` float64 [N].
    """
    with np.load(file, allow_pickle=False) as arrays:
        learnt = {key.removeprefix("score:"): arrays[key] for key in arrays if key.startswith("score:")}
    for rows in _batches(pool.num_samples) if learnt else ():
        with transaction.atomic():
            hold()
            ids = dict(_in(pool, rows).values_list("index", "pk"))
            SampleScore.objects.filter(sample__in=ids.values(), name__in=list(learnt)).delete()
            _insert(SampleScore, ("pool", "sample", "name", "value"), _score_rows(pool, learnt, ids))
    if learnt:
        with transaction.atomic():
            hold()
            pool = Pool.objects.select_for_update().get(pk=pool.pk)
            pool.score_names = sorted({*pool.score_names, *learnt})
            pool.score_quantiles |= {name: _quantiles(values) for name, values in learnt.items()}
            pool.save(update_fields=["score_names", "score_quantiles"])


def publish(pool: Pool) -> None:
    """From now on the pool is seen."""
    Pool.objects.filter(pk=pool.pk).update(is_ready=True)


def discard(pool: Pool, hold: Hold) -> None:
    """Remove a pool that was never seen, batch by batch. Raises: LeaseLostError."""
    while ids := list(Sample.objects.filter(pool=pool).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            hold()
            for model in (SampleScore, Choice, Verdict, VerdictChange):
                _remove(model, sample__in=ids)
            Sample.objects.filter(pk__in=ids).delete()
    pool.delete()


def _remove(model: type[Model], **which: Any) -> None:
    model._default_manager.filter(**which).delete()


def _read(folder: Path, scores: Path, names: list[str]) -> _Scores:
    with np.load(scores, allow_pickle=False) as arrays:
        return _Scores(
            label=np.load(folder / "label.npy", allow_pickle=False),
            seed=np.load(folder / "seed.npy", allow_pickle=False),
            source=np.load(source, allow_pickle=False) if (source := folder / "source.npy").exists() else None,
            values={name: arrays[name] for name in names},
            nearest_index=arrays["nearest_index"],
            nearest_distance=arrays["nearest_distance"],
            memorised=arrays["memorised"],
        )


def _quantiles(values: NDArray[np.float64]) -> list[float]:
    """The finite values at NUM_QUANTILES places, evenly spread from the lowest to the highest; empty without any."""
    finite = values[np.isfinite(values)]
    return [float(value) for value in np.quantile(finite, np.linspace(0, 1, NUM_QUANTILES))] if len(finite) else []


def _batches(count: int) -> Iterator[range]:
    for start in range(0, count, BATCH):
        yield range(start, min(start + BATCH, count))


def _in(pool: Pool, rows: range) -> "QuerySet[Sample]":
    return Sample.objects.filter(pool=pool, index__gte=rows.start, index__lt=rows.stop)


def _sample_rows(pool: Pool, arrays: _Scores, rows: range) -> Iterator[tuple[Any, ...]]:
    source = arrays.source
    for row in rows:
        nearest = [
            [int(index), round(float(distance), 6)]
            for index, distance in zip(arrays.nearest_index[row], arrays.nearest_distance[row], strict=True)
            if index >= 0
        ]
        made_from = (int(arrays.label[row]), int(arrays.seed[row]), None if source is None else int(source[row]))
        yield pool.pk, row, *made_from, Standing.UNDECIDED, False, bool(arrays.memorised[row]), nearest


def _score_rows(pool: Pool, scores: _Values, ids: Mapping[int, int]) -> Iterator[tuple[Any, ...]]:
    """A value that is not finite has no place in an order, and gets no row."""
    for name, values in scores.items():
        for index, pk in ids.items():
            if math.isfinite(value := float(values[index])):
                yield pool.pk, pk, name, value


def _insert(model: type[Model], names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """`bulk_create` without an object for each row, which would cost ten times what the database does."""
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608  # names of our own
    prepared = [
        [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)] for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, prepared)


def _ranks(pool: Pool, kept: NDArray[np.int64]) -> dict[int, int]:
    """Index of a kept sample -> its place within its class."""
    label = np.load(storage.stored(pool.path) / "label.npy", allow_pickle=False)
    taken: dict[int, int] = {}
    ranks = {}
    for index in kept:
        own = int(label[index])
        ranks[int(index)] = taken.get(own, 0)
        taken[own] = ranks[int(index)] + 1
    return ranks

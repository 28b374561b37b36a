"""provenance.json: everything that made an export, so that it can be made again and judged."""

from typing import Any

from django.conf import settings

from webapp.exports.models import Export
from webapp.exports.selectors import class_caps, included, num_memorised, origin_facts, version_facts
from webapp.gallery.models import Selection
from webapp.studies.models import Study
from webapp.studies.selectors import study_for


def provenance_of(export: Export) -> dict[str, Any]:
    """The version of the code and of the dataset and, with synthetic images, all that made them."""
    return {
        "code_version": settings.VERSION,
        "dataset_version": {
            **version_facts(export),
            "id": str(export.version_id),
            "counts": export.version.counts,
            "split_seed": export.version.split_seed,
        },
        **({} if export.selection is None else _synthesis(export.selection)),
        "export": {
            "id": str(export.pk),
            "name": export.name,
            "content": export.content,
            "accepted_only": export.accepted_only,
            "max_ratio": export.max_ratio,
            "caps": None if export.max_ratio is None else class_caps(export),
            "memorised": _memorised(export),
            "created_at": _time(export.created_at),
        },
    }


def _memorised(export: Export) -> dict[str, Any]:
    """How many samples may be copies, the lab's limit, and why they go out, where a person said so."""
    chosen = included(export)
    told = {"num_memorised": num_memorised(chosen), "num_synthetic": chosen.count()}
    reason: dict[str, Any] | None = None
    if export.memorised_reason:
        by = export.created_by.name if export.created_by else None
        reason = {"text": export.memorised_reason, "by": by, "at": _time(export.created_at)}
    return {**told, "max_share": export.version.dataset.lab.max_memorised_share, "reason": reason}


def _synthesis(selection: Selection) -> dict[str, Any]:
    """Recipe, run, checkpoint, pool, selection, metrics."""
    pool = selection.pool
    run, recipe = pool.run, pool.run.recipe
    checkpoint = run.checkpoints.filter(sha256=pool.checkpoint_sha256).first()
    return {
        "recipe": {
            "id": str(recipe.pk),
            "number": recipe.number,
            "name": recipe.name,
            "model": recipe.model,
            "model_settings": recipe.model_settings,
            "sampler": recipe.sampler,
            "sampler_settings": recipe.sampler_settings,
            "budget": recipe.budget,
            "pool_factor": recipe.pool_factor,
            "seed": recipe.seed,
        },
        "run": {
            "id": str(run.pk),
            "name": run.name,
            "device": run.device,
            "warnings": run.warnings,
            "started_at": _time(run.started_at),
            "finished_at": _time(run.finished_at),
        },
        "origin": origin_facts(selection),
        "checkpoint": {"sha256": pool.checkpoint_sha256, "step": checkpoint.step if checkpoint else None},
        "pool": {
            "num_samples": pool.num_samples,
            "resolution": pool.resolution,
            "channels": pool.channels,
            "num_memorised": pool.num_memorised,
        },
        "selection": {
            "id": str(selection.pk),
            "number": selection.number,
            "sampler": selection.sampler,
            "sampler_settings": selection.sampler_settings,
            "budget": selection.budget,
            "seed": selection.seed,
            "yields": selection.yields,
        },
        "metrics": run.metrics,
        "study": _study(study_for(selection)),
    }


def _study(study: Study | None) -> dict[str, Any] | None:
    if study is None:
        return None
    return {
        "id": str(study.pk),
        "model": study.model,
        "model_settings": study.model_settings,
        "arms": study.arms,
        "settings": study.settings,
        "finished_at": _time(study.finished_at),
        "result": study.result,
    }


def _time(value: Any) -> str | None:
    return value.isoformat() if value else None
